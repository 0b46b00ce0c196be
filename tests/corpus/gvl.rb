# SPDX-License-Identifier: MIT
# Ruby's threads take turns on one lock, the GVL; forked processes each have their own.
# Called as the Python jobs are: see work.py.
require "json"
require "net/http"

def primes(range)
  range.count { |n| (2..Integer.sqrt(n)).all? { |d| n % d != 0 } }
end

HOST, PORT = ENV.fetch("CORPUS_SERVER", "127.0.0.1:0").split(":")

def fetch(path)
  Net::HTTP.get(HOST, path, PORT.to_i).length
end

# Each worker has every n-th item.
def share(items, index, workers)
  (index...items.length).step(workers).sum { |i| yield items[i] }
end

def run(variant, workers, items, &work)
  if variant == "threads"
    threads = (0...workers).map { |i| Thread.new { share(items, i, workers, &work) } }
    return threads.sum(&:value)
  end
  pipes = (0...workers).map do |i|
    from, to = IO.pipe
    fork { to.puts share(items, i, workers, &work); exit! }
    to.close
    from
  end
  total = pipes.sum { |pipe| pipe.read.to_i }
  Process.waitall
  total
end

def scaled(count, scale)
  [1, (count * scale).round].max
end

job, variant, workers, scale = ARGV
scale = scale.to_f
start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
total =
  case job
  when "ruby-primes"
    blocks = (0...scaled(800, scale)).map { |i| 100_000 + 2000 * i...102_000 + 2000 * i }
    run(variant, workers.to_i, blocks) { |block| primes(block) }
  when "ruby-urls"
    run(variant, workers.to_i, ["/200/1000"] * scaled(160, scale)) { |path| fetch(path) }
  end
seconds = Process.clock_gettime(Process::CLOCK_MONOTONIC) - start
puts JSON.generate(job: job, variant: variant, seconds: seconds.round(4), sum: total)

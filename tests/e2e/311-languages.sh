#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 310 looks for a runtime, too
# timeout: 180
# Node, Java, Go and Rust are recognised, and advised in their own words.
. "$(dirname "$0")/lib.sh"
need_tracing

# advised NAME RUNTIME REGEX CMD…
advised()
{
    local name=$1 runtime=$2 words=$3

    shift 3
    record -q -o "$name" -- "$@"
    assert_equal "runtime of $name" "$(facts "$name" get processes.0.runtime.name)" "$runtime"
    "$PARTRACE" report "$name" >report
    assert_says report "$words"
    did="$did $runtime"
}

did=
if command -v node >/dev/null; then
    cat >spin.js <<'END'
const end = Date.now() + 1500;
let n = 0;
while (Date.now() < end) for (let i = 0; i < 1e6; i++) n += i;
END
    advised node node "worker_threads" node spin.js
fi
if command -v javac >/dev/null; then
    cat >Spin.java <<'END'
public class Spin {
    public static void main(String[] a) throws Exception {
        Thread[] t = new Thread[6];
        for (int i = 0; i < t.length; i++) {
            t[i] = new Thread(() -> {
                long end = System.nanoTime() + 1_500_000_000L, n = 0;
                while (System.nanoTime() < end) n++;
            });
            t[i].start();
        }
        for (Thread x : t) x.join();
    }
}
END
    javac Spin.java
    advised java java "newFixedThreadPool" java -cp . Spin
fi
if command -v go >/dev/null; then
    cat >spin.go <<'END'
package main

import "time"

func main() {
	n := 0
	for end := time.Now().Add(1500 * time.Millisecond); time.Now().Before(end); n++ {
	}
}
END
    HOME=$TMP GOCACHE=$TMP/cache GOFLAGS=-mod=mod go build -o spin-go spin.go
    advised go go "errgroup" ./spin-go
fi
if command -v rustc >/dev/null; then
    cat >spin.rs <<'END'
use std::time::{Duration, Instant};
fn main() {
    let (start, mut n) = (Instant::now(), 0u64);
    while start.elapsed() < Duration::from_millis(1500) { n += 1; }
    std::process::exit((n == 0) as i32);
}
END
    if rustc -O -o spin-rust spin.rs 2>/dev/null; then
        advised rust rust "rayon" ./spin-rust
    fi
fi
[ -n "$did" ] || skip "needs node, javac, go or rustc"

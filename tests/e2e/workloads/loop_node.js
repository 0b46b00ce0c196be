// SPDX-License-Identifier: MIT
// A server and its clients in one loop of Node, which times what holds it up.
//
//	node loop_node.js cpu|fsync|nothing SECONDS TRUTH.json
'use strict';
const fs = require('fs');
const net = require('net');

const [what, seconds, truth] = process.argv.slice(2);
const now = () => process.hrtime.bigint();
const held = [];
const file = fs.openSync('node.data', 'w');
const chunk = Buffer.alloc(1 << 20);
const begin = now();

// What a turn's code takes, if it is much: held up by its own work, or without a CPU.
function timed(fn) {
    return () => {
        const start = now();

        fn();
        const length = Number(now() - start);
        if (length > 1e6)
            held.push(length);
    };
}

function holdUp() {
    const start = now();

    if (what === 'cpu') {
        while (now() - start < 40000000n)
            ;
    } else if (what === 'fsync') {
        for (let i = 0; i < 16; i++)
            fs.writeSync(file, chunk, 0, chunk.length, i * chunk.length);
        fs.fsyncSync(file);
    }
}

let requests = 0;
const server = net.createServer((socket) => {
    socket.on('data', timed(() => {
        if (++requests % 20 === 0)
            holdUp();
        socket.write('pong');
    }));
    socket.on('error', () => {});
});

// The smallest x with sum(max(0, length - x)) <= 0.05 * duration.
function lagP95(duration) {
    let low = 0, high = Math.max(0, ...held);

    for (let i = 0; i < 60; i++) {
        const x = (low + high) / 2;

        if (held.reduce((sum, l) => sum + Math.max(0, l - x), 0) > 0.05 * duration)
            low = x;
        else
            high = x;
    }
    return high;
}

server.listen(0, '127.0.0.1', () => {
    for (let i = 0; i < 20; i++) {
        const socket = net.connect(server.address().port, '127.0.0.1');

        const ping = timed(() => socket.write('ping'));

        socket.on('connect', () => setTimeout(ping, 7 * i));
        socket.on('data', timed(() => setTimeout(ping, 140)));
        socket.on('error', () => {});
    }
});
setTimeout(() => {
    fs.writeFileSync(truth, JSON.stringify({
        lag_p95_ns: lagP95(Number(now() - begin)),
        turn_max_ns: Math.max(0, ...held),
        held_ns: held.reduce((sum, l) => sum + l, 0),
    }));
    process.exit(0);
}, 1000 * Number(seconds));

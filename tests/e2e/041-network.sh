#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 020 records the same
# A server on another host (a network namespace) is network, not IPC.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth
need_cmd ip

ns=ptrace-e2e-$$
# Addresses of the documentation's: nobody should have these.
here=203.0.113.5 there=203.0.113.6
undo()
{
    ip netns del "$ns" 2>/dev/null
}
ip netns add "$ns" 2>/dev/null || skip "needs network namespaces"
ip link add "pt$$" type veth peer name eth0 netns "$ns" 2>/dev/null || skip "needs veth"
ip addr add "$here/30" dev "pt$$"
ip link set "pt$$" up
ip -n "$ns" addr add "$there/30" dev eth0
ip -n "$ns" link set eth0 up

[[ $(ip route get "$there") = *" dev pt$$ "* ]] || skip "$there belongs to somebody here"

start_ready ip netns exec "$ns" "$WORKLOADS/truth" --serve "$there:7777"
record -o net.pftrace -- "$WORKLOADS/truth" --only network --net "$there:7777" --seconds 2 --truth truth.json
facts net.pftrace check-sums
facts net.pftrace check-truth truth.json

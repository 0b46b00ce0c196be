// SPDX-License-Identifier: MIT
/* Each test writes the files below a root of its own. */
#include "proc_root.h"

#include "base/procnet.h"

/* 20 serves port 6379 (0x18EB) to 10, whose port is 50000 (0xC350); 21 has a UDP port, 53. */
static void put_machine(void)
{
	put("/proc/10/net/tcp", TCP_HEAD
	    "   0: 0100007F:18EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000   "
	    "  0        0 70 1 0000000000000000 100 0 0 10 0\n"
	    "   1: 0100007F:18EB 0100007F:C350 01 00000000:00000000 00:00000000 00000000   "
	    "  0        0 77 1 0000000000000000 100 0 0 10 0\n"
	    "   2: 0100007F:C350 0100007F:18EB 01 00000000:00000000 00:00000000 00000000   "
	    "  0        0 78 1 0000000000000000 100 0 0 10 0\n");
	put("/proc/10/net/udp", TCP_HEAD
	    "  10: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   "
	    "  0        0 80 2 0000000000000000 0\n");
	put_link("/proc/10/fd/3", "socket:[78]");
	put_link("/proc/20/fd/0", "/dev/null");
	put_link("/proc/20/fd/5", "socket:[70]");
	put_link("/proc/20/fd/6", "socket:[77]");
	put_link("/proc/21/fd/4", "socket:[80]");
}

static void a_connection_leads_to_the_process_that_has_its_socket(void **state)
{
	struct procnet_socket sockets[] = {
		{ .lport = 6379, .rport = 50000 },
		{ .lport = 50000, .rport = 6379 },
	};

	(void)state;
	put_machine();
	assert_int_equal(procnet_owners(10, sockets, 2, UINT64_MAX), 2);
	assert_int_equal(sockets[0].inode, 77);
	assert_int_equal(sockets[0].pid, 20);
	assert_int_equal(sockets[1].pid, 10);
}

static void a_datagram_socket_serves_every_port(void **state)
{
	struct procnet_socket sockets[] = {
		{ .is_udp = true, .lport = 53, .rport = 40000 },
		{ .is_udp = true, .lport = 6379, .rport = 50000 },
	};

	(void)state;
	put_machine();
	assert_int_equal(procnet_owners(10, sockets, 2, UINT64_MAX), 1);
	assert_int_equal(sockets[0].pid, 21);
	assert_int_equal(sockets[1].pid, 0);
}

static void who_inherited_a_socket_is_not_its_own_peer(void **state)
{
	struct procnet_socket socket = { .lport = 6379, .rport = 50000, .not_pid = 10 };

	(void)state;
	put_machine();
	put_link("/proc/10/fd/4", "socket:[77]");
	assert_int_equal(procnet_owners(10, &socket, 1, UINT64_MAX), 1);
	assert_int_equal(socket.pid, 20);
}

static void nobody_is_found_when_there_is_nobody_or_no_time(void **state)
{
	struct procnet_socket socket = { .lport = 6379, .rport = 50001 };

	(void)state;
	put_machine();
	assert_int_equal(procnet_owners(10, &socket, 1, UINT64_MAX), 0);
	assert_int_equal(socket.inode, 0);
	assert_int_equal(procnet_owners(11, &socket, 1, UINT64_MAX), 0);
	socket.rport = 50000;
	assert_int_equal(procnet_owners(10, &socket, 1, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(a_connection_leads_to_the_process_that_has_its_socket),
		FIXTURE_TEST(a_datagram_socket_serves_every_port),
		FIXTURE_TEST(who_inherited_a_socket_is_not_its_own_peer),
		FIXTURE_TEST(nobody_is_found_when_there_is_nobody_or_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: packets have a network namespace
 *
 * Any task may run when a packet passes. The tests send from a member, so that
 * a wrong contid= would be its ID.
 */

#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "record.h"

/* A packet to an unused address returns as an ICMP message. */
#define PORT_CLOSED	9
#define PORT_OPEN	7
#define MARK		0x1d
#define ADDRESS(n)	(0x0a070000 | (n))	/* 10.7.0.n, behind a veth */
#define TUNNEL(n)	(0x0a090000 | (n))	/* 10.9.0.n, behind a tun */

/* Calls of agents */

static long do_system(struct cid_world *world, const struct cid_call *call)
{
	char command[CID_TEXT_MAX + 32];

	snprintf(command, sizeof(command), "{ %s\n} >/dev/null 2>&1",
		 call->text);
	return system(command);
}

static long do_setns(struct cid_world *world, const struct cid_call *call)
{
	int fd = syscall(__NR_pidfd_open, call->x, 0);
	long ret = setns(fd, CLONE_NEWNET) ? -errno : 0;

	close(fd);
	return ret;
}

static struct sockaddr_in address(__u32 host, __u16 port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(host),
		.sin_port = htons(port),
	};
}

/* Send a marked datagram to x; y may be a process whose namespace to enter. */
static long do_send(struct cid_world *world, const struct cid_call *call)
{
	struct cid_call where = { .x = call->y };
	struct sockaddr_in to = address(call->x, PORT_CLOSED);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int mark = MARK;
	long ret = 0;

	/* The socket stays in the network namespace in which it was made. */
	if (call->y)
		ret = do_setns(world, &where);
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) ||
	    sendto(fd, "", 1, 0, (struct sockaddr *)&to, sizeof(to)) != 1)
		ret = -errno;
	close(fd);
	return ret;
}

static long do_listen(struct cid_world *world, const struct cid_call *call)
{
	struct sockaddr_in here = address(call->x, PORT_OPEN);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return bind(fd, (struct sockaddr *)&here, sizeof(here)) ||
	       listen(fd, 1) ? -errno : 0;
}

/* Connect to x and send something. The connection stays. */
static long do_connect(struct cid_world *world, const struct cid_call *call)
{
	struct sockaddr_in to = address(call->x, PORT_OPEN);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
	       send(fd, "hello", 5, 0) != 5 ? -errno : 0;
}

/*
 * A tunnel: during a write to it, the kernel receives the packet and answers.
 */

static int tunnel[2];

static int open_tunnel(pid_t where)
{
	struct ifreq ifr = {
		.ifr_name = "tun0",
		.ifr_flags = IFF_TUN | IFF_NO_PI,
	};
	struct cid_call call = { .x = where };
	int fd;

	if (do_setns(NULL, &call))
		return -1;
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &ifr)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void *relay(void *from)
{
	int out = tunnel[from == &tunnel[0]];
	char packet[2048];
	ssize_t len;

	for (;;) {
		len = read(*(int *)from, packet, sizeof(packet));
		/* The packet may be lost, because one end may be down. */
		if (len > 0 && write(out, packet, len) != len)
			continue;
	}
	return NULL;
}

/* Pass packets to and fro between the namespaces of x and y. */
static long do_relay(struct cid_world *world, const struct cid_call *call)
{
	pthread_t thread;

	tunnel[0] = open_tunnel(call->x);
	tunnel[1] = open_tunnel(call->y);
	if (tunnel[0] < 0 || tunnel[1] < 0)
		return -ENODEV;
	return pthread_create(&thread, NULL, relay, &tunnel[0]) ||
	       pthread_create(&thread, NULL, relay, &tunnel[1]) ? -EAGAIN : 0;
}

/*
 * Two namespaces, each with one process, and a cable
 */

struct net {
	struct cid_world	world;
	struct audit_log	log;
	struct cid_agent	*member, *peer;
	__u64			id;
	char			here[128];	/* the member's, in a record */
	char			there[128];	/* the peer's */
};

/* Each rule that logs packets, for input and for output. */
#define IPTABLES(command)						\
	"for c in INPUT OUTPUT; do "					\
	command " -A $c -j AUDIT --type accept || exit 1; done"
#define NFT(family)							\
	"f=" family "; nft add table $f t || exit 1; "			\
	"for c in input output; do "					\
	"nft add chain $f t $c "					\
	"\"{ type filter hook $c priority 0; }\" && "			\
	"nft add rule $f t $c log level audit || exit 1; done"

static void net_text(char *text, size_t size, pid_t pid)
{
	static const struct cid_ns net = { "netns", "net" };
	struct stat st = {};
	int len;

	cid_ns_stat(pid, pid, net.file, &st);
	len = snprintf(text, size, "nsdev=%02x:%02x netns=%lu",
		       major(st.st_dev), minor(st.st_dev),
		       (unsigned long)st.st_ino);
	cid_ns_id(text + len, size - len, pid, pid, &net);
}

static int plug_in(struct cid_agent *agent, const char *link, int n)
{
	return cid_do_text(agent, do_system, 0, 0,
			   "set -e; %s\nip addr add 10.7.0.%d/24 dev v\nip link set lo up\nip link set v up",
			   link, n);
}

/* Returns why it cannot be done here, or NULL. */
static const char *net_setup(struct __test_metadata *const _metadata,
			     struct net *net, const char *rules)
{
	const char *missing = cid_missing();
	char link[80];

	if (missing)
		return missing;
	setup(_metadata, &net->world, &net->log);
	net->member = cid_start_in(&net->world, NULL, CLONE_NEWNET);
	net->peer = cid_start_in(&net->world, NULL, CLONE_NEWNET);
	if (!net->member || !net->peer)
		return "no network namespaces";
	if (cid_do_text(net->member, do_system, 0, 0, "%s", rules) ||
	    cid_do_text(net->peer, do_system, 0, 0, "%s", rules))
		return "these tools cannot log packets on this kernel";
	sprintf(link, "ip link add v type veth peer name v netns %d",
		net->peer->pid);
	if (plug_in(net->member, link, 1) || plug_in(net->peer, ":", 2))
		return "no veth, or no ip to make it";
	net_text(net->here, sizeof(net->here), net->member->pid);
	net_text(net->there, sizeof(net->there), net->peer->pid);
	return NULL;
}

static void net_teardown(struct net *net)
{
	teardown(&net->world, &net->log);
}

/* Wait until so many packets are in the log. */
static void wait_packets(struct __test_metadata *const _metadata,
			 struct audit_log *log, int wanted)
{
	time_t start = time(NULL);

	while (audit_count(log, AUDIT_NETFILTER_PKT, "^mark=") < wanted &&
	       time(NULL) - start < 5)
		ASSERT_LE(0, audit_receive(log, AUDIT_TIMEOUT_POLL_MS));
	ASSERT_EQ(0, audit_sync(log));
}

/*
 * The record has the network namespace of the packet, and no ID: the running
 * task may not be the sender.
 */
static int take_packet(struct audit_log *log, int mark, int from, int to,
		       int proto, const char *where)
{
	return audit_take(log, AUDIT_NETFILTER_PKT, NULL,
			  "^mark=(0x)?%x saddr=10\\.7\\.0\\.%d daddr=10\\.7\\.0\\.%d proto=%d( [sd]port=[0-9]+)* %s$",
			  mark, from, to, proto, where);
}

/*
 * A datagram to a closed port passes four times: out and in, and so does the
 * answer of the other kernel.
 */
static void check_datagram(struct __test_metadata *const _metadata,
			   struct net *net, struct cid_agent *sender)
{
	ASSERT_EQ(0, cid_do(sender, do_send, ADDRESS(2), 0));
	wait_packets(_metadata, &net->log, 4);
	EXPECT_LE(0, take_packet(&net->log, MARK, 1, 2, IPPROTO_UDP,
				 net->here));
	EXPECT_LE(0, take_packet(&net->log, 0, 1, 2, IPPROTO_UDP,
				 net->there));
	EXPECT_LE(0, take_packet(&net->log, 0, 2, 1, IPPROTO_ICMP,
				 net->there));
	EXPECT_LE(0, take_packet(&net->log, 0, 2, 1, IPPROTO_ICMP,
				 net->here));
	EXPECT_EQ(0, audit_left(&net->log, AUDIT_NETFILTER_PKT));
	audit_forget(&net->log);
}

FIXTURE(rule)
{
	struct net net;
};

FIXTURE_VARIANT(rule)
{
	const char *rules;
};

#define RULE(name, ...)							\
	FIXTURE_VARIANT_ADD(rule, name) { __VA_ARGS__ }

RULE(iptables_legacy, IPTABLES("iptables-legacy"));
RULE(iptables_nft, IPTABLES("iptables-nft"));
RULE(nft, NFT("ip"));

FIXTURE_SETUP(rule)
{
	const char *missing = net_setup(_metadata, &self->net,
					variant->rules);

	if (missing)
		SKIP(return, "%s", missing);
}

FIXTURE_TEARDOWN(rule)
{
	net_teardown(&self->net);
}

/* Two containers, and somebody in none, share the namespace. */
TEST_F(rule, datagram)
{
	struct cid_agent *host, *other;
	struct net *net = &self->net;

	host = cid_start(&net->world, net->member);
	ASSERT_NE(NULL, host);
	other = cid_start(&net->world, net->member);
	ASSERT_NE(NULL, other);
	ASSERT_NE(0, make_container(&net->log, net->member));
	ASSERT_NE(0, make_container(&net->log, other));
	check_datagram(_metadata, net, net->member);
	check_datagram(_metadata, net, other);
	check_datagram(_metadata, net, host);
	/* One ends, the other goes on. */
	ASSERT_EQ(0, cid_do(other, cid_do_outlive, 0, 0));
	cid_kill(net->member);
	ASSERT_EQ(0, audit_drop(&net->log));
	check_datagram(_metadata, net, other);
}

/*
 * The same for all ways
 */

FIXTURE(packet)
{
	struct net net;
};

FIXTURE_SETUP(packet)
{
	const char *missing = net_setup(_metadata, &self->net,
					IPTABLES("iptables-legacy"));

	if (missing)
		SKIP(return, "%s", missing);
}

FIXTURE_TEARDOWN(packet)
{
	net_teardown(&self->net);
}

/*
 * A packet is in the namespace of its socket, even after the sender has moved.
 */
TEST_F(packet, of_a_socket_elsewhere)
{
	struct net *net = &self->net;

	ASSERT_NE(0, make_container(&net->log, net->member));
	ASSERT_EQ(0, cid_do(net->member, do_send, ADDRESS(2),
			    net->peer->pid));
	wait_packets(_metadata, &net->log, 4);
	EXPECT_LE(0, take_packet(&net->log, MARK, 1, 2, IPPROTO_UDP,
				 net->here));
	EXPECT_LE(0, take_packet(&net->log, 0, 2, 1, IPPROTO_ICMP,
				 net->here));
}

/* An exclude rule for an audit container only matches records of its tasks. */
TEST_F(packet, excluded)
{
	struct net *net = &self->net;
	__u64 id = make_container(&net->log, net->member);
	struct audit_match match[] = {
		{ AUDIT_MSGTYPE, AUDIT_EQUAL, AUDIT_NETFILTER_PKT },
		{ AUDIT_CONTID, AUDIT_EQUAL, (__u32)id },
		{ AUDIT_CONTID_HI, AUDIT_EQUAL, id >> 32 },
	};

	ASSERT_NE(0, id);
	ASSERT_EQ(0, audit_add_rule(&net->log, AUDIT_FILTER_EXCLUDE,
				    AUDIT_NEVER, -1, match,
				    ARRAY_SIZE(match)));
	ASSERT_EQ(0, cid_do(net->member, do_send, ADDRESS(2), 0));
	wait_packets(_metadata, &net->log, 3);
	EXPECT_LE(0, take_packet(&net->log, 0, 1, 2, IPPROTO_UDP,
				 net->there));
	EXPECT_LE(0, take_packet(&net->log, 0, 2, 1, IPPROTO_ICMP,
				 net->there));
	EXPECT_LE(0, take_packet(&net->log, 0, 2, 1, IPPROTO_ICMP,
				 net->here));
	EXPECT_EQ(0, audit_left(&net->log, AUDIT_NETFILTER_PKT));
}

/*
 * Connections: some of their packets are sent in the context of the sender,
 * others in the context of any running task
 */

static int count_packets(const struct audit_log *log, const char *subnet,
			 int from, const char *where)
{
	return audit_count(log, AUDIT_NETFILTER_PKT,
			   "^mark=[0-9a-fx]+ saddr=%s\\.%d .*proto=6( [sd]port=[0-9]+)* %s$",
			   subnet, from, where);
}

/* From and to the member at 1, and the peer at 2. */
static void check_connection(struct __test_metadata *const _metadata,
			     struct net *net, const char *subnet)
{
	const struct audit_log *log = &net->log;
	int out = count_packets(log, subnet, 1, net->here);

	/* At least two to connect, and one with data. */
	EXPECT_LE(3, out);
	EXPECT_EQ(out, count_packets(log, subnet, 1, net->there));
	out = count_packets(log, subnet, 2, net->there);
	EXPECT_LE(2, out);
	EXPECT_EQ(out, count_packets(log, subnet, 2, net->here));
	EXPECT_EQ(0, audit_count(log, AUDIT_NETFILTER_PKT, "contid"));
}

TEST_F(packet, connection)
{
	struct net *net = &self->net;

	ASSERT_NE(0, make_container(&net->log, net->peer));
	ASSERT_EQ(0, cid_do(net->peer, do_listen, ADDRESS(2), 0));
	ASSERT_NE(0, make_container(&net->log, net->member));
	ASSERT_EQ(0, cid_do(net->member, do_connect, ADDRESS(2), 0));
	wait_packets(_metadata, &net->log, 10);
	check_connection(_metadata, net, "10\\.7\\.0");
}

/* The last packets of a member. */
TEST_F(packet, last_words)
{
	struct net *net = &self->net;
	__u64 id;
	int ended, i;

	ASSERT_EQ(0, cid_do(net->peer, do_listen, ADDRESS(2), 0));
	id = make_container(&net->log, net->member);
	ASSERT_NE(0, id);
	ASSERT_EQ(0, cid_do(net->member, do_connect, ADDRESS(2), 0));
	wait_packets(_metadata, &net->log, 10);
	audit_forget(&net->log);
	cid_kill(net->member);
	wait_packets(_metadata, &net->log, 4);
	ended = audit_take(&net->log, AUDIT_CONTAINER_OP, NULL,
			   "^op=exit ocontid=%llu ", id);
	ASSERT_LE(0, ended);
	for (i = ended; i < (int)net->log.count; i++)
		EXPECT_EQ(0, audit_contid(&net->log.record[i]));
	/* There are such records, and all have the namespace. */
	EXPECT_LE(2, audit_count(&net->log, AUDIT_NETFILTER_PKT, " %s",
				 net->here));
}

/* The task that feeds a packet to the kernel runs while the kernel answers. */
TEST_F(packet, relayed)
{
	struct net *net = &self->net;
	struct cid_agent *feeder;
	long ret;

	feeder = cid_start(&net->world, NULL);
	ASSERT_NE(NULL, feeder);
	ret = cid_do(feeder, do_relay, net->member->pid, net->peer->pid);
	if (ret == -ENODEV)
		SKIP(return, "the kernel has no tunnels (CONFIG_TUN)");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, cid_do_text(net->member, do_system, 0, 0,
				 "ip addr add 10.9.0.1/24 dev tun0; ip link set tun0 up"));
	ASSERT_EQ(0, cid_do_text(net->peer, do_system, 0, 0,
				 "ip addr add 10.9.0.2/24 dev tun0; ip link set tun0 up"));
	ASSERT_EQ(0, cid_do(net->peer, do_listen, TUNNEL(2), 0));
	ASSERT_NE(0, make_container(&net->log, feeder));
	ASSERT_NE(0, make_container(&net->log, net->peer));
	ASSERT_NE(0, make_container(&net->log, net->member));
	ASSERT_EQ(0, cid_do(net->member, do_connect, TUNNEL(2), 0));
	wait_packets(_metadata, &net->log, 10);
	check_connection(_metadata, net, "10\\.9\\.0");
	EXPECT_EQ(0, audit_count(&net->log, AUDIT_NETFILTER_PKT,
				 " proto=6( [sd]port=[0-9]+)*$"));
}

/* Packets that the kernel sends from timers and workers. */
TEST_F(packet, of_the_kernel)
{
	struct net *net = &self->net;
	__u64 id = make_container(&net->log, net->member);

	ASSERT_NE(0, id);
	if (cid_do_text(net->member, do_system, 0, 0, "%s", NFT("ip6")))
		SKIP(return, "no IPv6, or no nft to log its packets");
	ASSERT_EQ(0, audit_drop(&net->log));
	ASSERT_EQ(0, cid_do_text(net->member, do_system, 0, 0,
				 "ip link set v down; ip link set v up"));
	wait_packets(_metadata, &net->log, 3);
	EXPECT_LE(3, audit_count(&net->log, AUDIT_NETFILTER_PKT,
				 " proto=[0-9]+ %s$", net->here));
	EXPECT_EQ(0, audit_count(&net->log, AUDIT_NETFILTER_PKT,
				 " contid="));
}

TEST_HARNESS_MAIN

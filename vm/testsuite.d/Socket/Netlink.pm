# Stands in for Socket::Netlink of CPAN, which Debian does not package: the two names that
# amcast_joinpart uses.
package Socket::Netlink;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(AF_NETLINK PF_NETLINK pack_sockaddr_nl);

sub AF_NETLINK() { 16 }
sub PF_NETLINK() { 16 }

# pid, groups: struct sockaddr_nl
sub pack_sockaddr_nl { return pack( "SSLL", AF_NETLINK, 0, @_ ) }
1;

/**
 * Whose address it is, for counting: an IPv4 address, also where IPv6 carries it, or the first half of an IPv6 address, because whoever has one of
 * those has all 2⁶⁴ of its network.
 *
 *     203.0.113.7 · ::ffff:203.0.113.7        203.0.113.7
 *     2001:db8:1:2:a::1                       2001:db8:1:2::/64
 */
export function addressKey(host: string): string {
  const plain = unmapped(host);
  return plain.includes(':') ? `${firstHalf(plain)}::/64` : plain;
}

/** Whether only this machine can be there: 127.0.0.0/8 and ::1. */
export const isLoopback = (host: string): boolean => host === '::1' || /^127(\.\d+){3}$/.test(unmapped(host));

/** An IPv4 address as such, where an IPv6 socket shows it in its own way. */
const unmapped = (host: string): string => host.replace(/^::ffff:(?=\d+(\.\d+){3}$)/i, '');

/** Four of eight groups, written out: `::` stands for as many zeros as are missing. */
function firstHalf(host: string): string {
  const [front = '', back] = host.replace(/%.*$/, '').split('::');
  const ahead = front === '' ? [] : front.split(':');
  const behind = back ? back.split(':') : [];
  const zeros = Array.from({ length: 8 - ahead.length - behind.length }, () => '0');
  return [...ahead, ...zeros, ...behind].slice(0, 4).join(':');
}

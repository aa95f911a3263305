import { BlockList, isIP } from 'node:net'

/** Whether it is one address or a CIDR range, such as `203.0.113.7` or `2001:db8::/32`. */
export function isAddressRange(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
}

/** Whether an address is one of the list, or lies in one of its ranges. No address is in no list. */
export function isInAddressList(address: string | null, list: readonly string[]): boolean {
  const family = isIP(address ?? '')
  if (address === null || family === 0) return false
  const ranges = new BlockList()
  for (const range of list) {
    const [from = '', prefix] = range.split('/')
    const type = isIP(from) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) ranges.addAddress(from, type)
    else ranges.addSubnet(from, Number(prefix), type)
  }
  return ranges.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

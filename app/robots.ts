import type { MetadataRoute } from 'next'
import { connection } from 'next/server'

/** Only the home page and the public guides are for search engines; secure links least of all. */
export default async function robots(): Promise<MetadataRoute.Robots> {
  await connection()
  return { rules: { userAgent: '*', allow: ['/$', '/guides/'], disallow: '/' } }
}

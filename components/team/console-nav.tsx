'use client'

import type { Route } from 'next'
import Link from 'next/link'
import { usePathname } from 'next/navigation'

/** The sections that exist for this role; the one that is open is marked. */
export function ConsoleNav({ label, links }: { label: string; links: { path: string; label: string }[] }) {
  const open = usePathname()
  return (
    <nav aria-label={label} className="console-nav">
      <ul>
        {links.map((link) => (
          <li key={link.path}>
            <Link
              href={link.path as Route}
              prefetch={false}
              aria-current={open === link.path || open.startsWith(`${link.path}/`) ? 'page' : undefined}
            >
              {link.label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

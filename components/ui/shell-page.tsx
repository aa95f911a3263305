import type { ReactNode } from 'react'

/** A page of its own around one message: the front door, a wrong address, a fault. */
export function ShellPage({
  product,
  title,
  lead,
  children,
}: {
  product: string
  title: string
  lead: string
  children?: ReactNode
}) {
  return (
    <div className="mx-auto flex min-h-dvh max-w-2xl flex-col px-4 sm:px-6">
      <header className="py-5">
        <p className="font-semibold text-lg">{product}</p>
      </header>
      <main id="main" className="flex-1 space-y-8 pb-16 sm:pt-8">
        <div className="space-y-3">
          <h1 className="font-semibold text-3xl leading-tight">{title}</h1>
          <p className="text-lg text-muted">{lead}</p>
        </div>
        {children}
      </main>
    </div>
  )
}

import type { ComponentProps } from 'react'

/** The one thing to press. Says what happens. */
export function Button({ className = '', type = 'button', ...rest }: ComponentProps<'button'>) {
  return <button type={type} className={`button-primary ${className}`} {...rest} />
}

import { inspect } from 'node:util'

/**
 * A value that must never be printed, serialised or sent to a browser.
 * `toString`, `toJSON` and `inspect` answer `[secret]`; React refuses to pass class instances to Client Components.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The plaintext. Call it in the one expression that needs it and do not keep the result. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}

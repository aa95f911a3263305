import assert from 'node:assert/strict'

/** What a browser without JavaScript does: opens the link, keeps the cookie, posts the form as the page has it. */
export class CustomerBrowser {
  readonly #origin: string
  readonly #cookies = new Map<string, string>()
  #page = ''
  #form: [string, string][] | null = null

  constructor(origin: string) {
    this.#origin = origin
  }

  /** Whether the page that is open has the form; a receipt has none. */
  get hasForm(): boolean {
    return this.#form !== null
  }

  async open(address: string): Promise<void> {
    let path = new URL(address).pathname
    for (let hops = 0; hops < 5; hops++) {
      const answer = await this.#fetch(path)
      const text = await answer.text()
      const to = answer.headers.get('location')
      if (!to) {
        assert.equal(answer.status, 200, `${path} answered ${answer.status}`)
        return this.#show(path, text)
      }
      path = new URL(to, this.#origin).pathname
    }
    assert.fail(`${path} leads in circles`)
  }

  /** Fills the open form and posts it. Returns when the portal has said that the token is stored. */
  async submit(typed: Record<string, string>): Promise<void> {
    assert.ok(this.#form, 'no form is open')
    const body = new FormData()
    for (const [name, value] of this.#form) body.append(name, typed[name] ?? value)
    const answer = await this.#fetch(this.#page, { method: 'POST', body, headers: { origin: this.#origin } })
    const text = await answer.text()
    assert.equal(answer.status, 303, `the form answered ${answer.status}: ${/data-verdict="(\w+)"/.exec(text)?.[1]}`)
  }

  async #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(`${this.#origin}${path}`, {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, cookie },
    })
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      this.#cookies.set(name, value)
    }
    return answer
  }

  #show(path: string, html: string): void {
    this.#page = path
    const form = /<form[^>]*id="connect-form"[^>]*>([\s\S]*?)<\/form>/.exec(html)?.[1]
    assert.ok(form || html.includes('data-status="connected"'), `${path} is neither a form nor a receipt`)
    this.#form = form ? [...form.matchAll(/<input\b[^>]*>/g)].flatMap(([tag]) => namedValue(tag)) : null
  }
}

function namedValue(tag: string): [string, string][] {
  const attribute = (name: string) => decode(new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? '')
  return attribute('name') ? [[attribute('name'), attribute('value')]] : []
}

function decode(text: string): string {
  const entities: Record<string, string> = { quot: '"', amp: '&', lt: '<', gt: '>', '#x27': "'" }
  return text.replace(/&(#x27|quot|amp|lt|gt);/g, (_, name: string) => entities[name] ?? '')
}

/** The body of a request or an answer as text; null when it is longer than it may be. Reads no further than that. */
export async function readText(request: Pick<Request, 'body'>, bytesMax: number): Promise<string | null> {
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) return null
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Loaded into a server before its own code: answers how much processor time and memory it has used so far. */
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send({ cpuMs: (user + system) / 1000, rssMb: process.memoryUsage.rss() / 1e6 })
})
// Listening alone must not keep the process alive.
process.channel.unref()

/** How often a test lets two things race: a few times in `npm test`, and 200 times in `npm run test:faults`. */
export const ROUNDS = Number(process.env.RACE_ROUNDS) || 30

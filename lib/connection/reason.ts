/** Longest reason that is kept with a step: a line or two, for whoever reads the audit log. */
export const REASON_LENGTH_MAX = 300

const shapes = {
  check: 'M4.5 10.5l4 4 7.5-9',
  alert: 'M10 5.5v5.5M10 14v.1',
  unknown: 'M7.7 7.8a2.3 2.3 0 1 1 3.4 2c-.7.4-1.1.9-1.1 1.6M10 14.2v.1',
  clock: 'M10 5.5V10l3 2',
  stop: 'M6.5 10h7',
  pencil: 'M4.5 15.5l.8-3.6L12.9 4.3a1.7 1.7 0 0 1 2.4 0l.4.4a1.7 1.7 0 0 1 0 2.4L8.1 14.7z',
  chevron: 'M7.5 5l5 5-5 5',
  close: 'M5.5 5.5l9 9M14.5 5.5l-9 9',
  enlarge: 'M12 4h4v4M8 16H4v-4M16 4l-5 5M4 16l5-5',
} as const

export type IconName = keyof typeof shapes

const ringed: readonly IconName[] = ['alert', 'unknown', 'clock', 'stop']

/** A small drawing beside a word. Never alone: readers of the screen do not hear it. */
export function Icon({ name, className }: { name: IconName; className?: string }) {
  return (
    <svg
      aria-hidden="true"
      width="20"
      height="20"
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      className={`shrink-0 ${className ?? ''}`}
    >
      {ringed.includes(name) && <circle cx="10" cy="10" r="8.5" strokeWidth="1.5" />}
      <path d={shapes[name]} />
    </svg>
  )
}

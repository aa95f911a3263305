import type { ReactNode } from 'react'

/** Drawing parts shared by all guides. Sizes are units of the picture's own coordinate system. */

/** Each drawing stands in the page once, under its `id`; its `copy` only points there. */
export type DrawingProps = { id: string; copy?: boolean }

/** The picture: a canvas that scales with the page and follows light and dark. A phone shows its `focus` half larger. */
export function Canvas({
  id,
  copy = false,
  width = 960,
  height,
  focus,
  children,
}: DrawingProps & {
  width?: number
  height: number
  focus: 'start' | 'end'
  children: ReactNode
}) {
  return (
    <svg viewBox={`0 0 ${width} ${height}`} className="font-sans" data-focus={focus} role="presentation">
      {copy ? (
        <use href={`#${id}`} />
      ) : (
        <g id={id}>
          <rect width={width} height={height} className="fill-screen" />
          {children}
        </g>
      )}
    </svg>
  )
}

/**
 * Text that does not matter here: rounded bars as `[x, y, width, height]`. One path for all of them, because each
 * element is paid for twice, in the page and in the data beside it.
 */
export function Bars({ at }: { at: readonly (readonly [x: number, y: number, width: number, height?: number])[] }) {
  return <path d={at.map(barPath).join('')} className="fill-screen-grey" />
}

function barPath([x, y, width, height = 10]: readonly [number, number, number, number?]): string {
  return boxPath({ x, y, width, height, radius: height / 2 })
}

export type Box = { x: number; y: number; width: number; height: number; radius: number }

/** Rounded boxes that look alike, as one path. */
export function Boxes({ at, className }: { at: readonly Box[]; className: string }) {
  return <path d={at.map(boxPath).join('')} strokeWidth="1.5" className={className} />
}

/** A rounded rectangle as a path; with `radius` half its size it is a circle. */
function boxPath({ x, y, width, height, radius: r }: Box): string {
  const corner = (dx: number, dy: number) => `a${r} ${r} 0 0 1 ${dx} ${dy}`
  return `M${x + r} ${y}h${width - 2 * r}${corner(r, r)}v${height - 2 * r}${corner(-r, r)}h${2 * r - width}${corner(-r, -r)}v${2 * r - height}${corner(r, -r)}z`
}

/** The box of a circle. */
export function dot(x: number, y: number, radius: number): Box {
  return { x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius, radius }
}

/** A word that the reader must find on their own screen. `width` holds it to its place in every font. */
export function Word({
  x,
  y,
  size = 22,
  width,
  strong = false,
  anchor = 'start',
  className = 'fill-text',
  children,
}: {
  x: number
  y: number
  size?: number
  width?: number
  strong?: boolean
  anchor?: 'start' | 'middle' | 'end'
  className?: string
  children: ReactNode
}) {
  return (
    <text
      x={x}
      y={y}
      fontSize={size}
      fontWeight={strong ? 600 : 400}
      textAnchor={anchor}
      textLength={width}
      lengthAdjust="spacingAndGlyphs"
      className={className}
    >
      {children}
    </text>
  )
}

/** How far the number stands outside its ring, so that it hides nothing inside. */
const OUTSIDE = 12

const badgeAt = {
  top: { across: 0.5, down: 0, outX: 0, outY: -OUTSIDE },
  bottom: { across: 0.5, down: 1, outX: 0, outY: OUTSIDE },
  start: { across: 0, down: 0.5, outX: -OUTSIDE, outY: 0 },
  end: { across: 1, down: 0.5, outX: OUTSIDE, outY: 0 },
} as const

/** Where to look or press: a ring around it, and the number that the text speaks of on one of its sides. */
export function Hotspot({
  x,
  y,
  width,
  height,
  number,
  side = 'end',
}: {
  x: number
  y: number
  width: number
  height: number
  number: number
  side?: keyof typeof badgeAt
}) {
  const { across, down, outX, outY } = badgeAt[side]
  const badgeX = x + width * across + outX
  const badgeY = y + height * down + outY
  const ring = { x, y, width, height, rx: Math.min(14, height / 2), fill: 'none' }
  return (
    <g>
      <rect {...ring} strokeWidth="9" className="stroke-screen" />
      <rect {...ring} strokeWidth="4" className="stroke-hotspot" />
      <circle cx={badgeX} cy={badgeY} r="19" strokeWidth="3.5" className="fill-hotspot stroke-screen" />
      <text x={badgeX} y={badgeY + 7.5} fontSize="21" fontWeight="700" textAnchor="middle" className="fill-bg">
        {number}
      </text>
    </g>
  )
}

/** The mouse, where a press is meant. */
export function Pointer({ x, y }: { x: number; y: number }) {
  return (
    <path
      d={`M${x} ${y}v31l7.5-6.5 5.5 12 6-2.8-5.4-11.7h10z`}
      strokeWidth="2.5"
      strokeLinejoin="round"
      className="fill-text stroke-screen"
    />
  )
}

/** A box of the app with a thin edge. `raised` lets it float above the page, like a menu. */
export function Sheet({
  x,
  y,
  width,
  height,
  raised = false,
  className = 'fill-screen stroke-line',
}: {
  x: number
  y: number
  width: number
  height: number
  raised?: boolean
  className?: string
}) {
  return (
    <g>
      {raised &&
        [36, 24, 12, 0, -12].map((spread) => (
          <rect
            key={spread}
            x={x - spread / 2}
            y={y + 12 - spread / 2}
            width={width + spread}
            height={height + spread}
            rx={18 + spread / 2}
            fill="#000"
            fillOpacity="0.022"
          />
        ))}
      <rect x={x} y={y} width={width} height={height} rx="12" strokeWidth="1.5" className={className} />
    </g>
  )
}

/** A browser window's top with its address; the page's content is drawn under y = 84. */
export function AddressBar({ width = 960, children }: { width?: number; children: ReactNode }) {
  return (
    <g>
      <rect width={width} height="84" className="fill-screen-bar" />
      <line x1="0" y1="84" x2={width} y2="84" strokeWidth="1.5" className="stroke-line" />
      <Boxes at={[36, 62, 88].map((x) => dot(x, 42, 8))} className="fill-screen-grey" />
      <rect
        x="128"
        y="15"
        width={width - 168}
        height="54"
        rx="27"
        strokeWidth="1.5"
        className="fill-screen stroke-line"
      />
      <path d="M157 39v-5a6.5 6.5 0 0 1 13 0v5" fill="none" strokeWidth="3" className="stroke-muted" />
      <rect x="153.5" y="38" width="20" height="15" rx="3.5" className="fill-muted" />
      {children}
    </g>
  )
}

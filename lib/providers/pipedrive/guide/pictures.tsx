import {
  AddressBar,
  Bars,
  Boxes,
  Canvas,
  type DrawingProps,
  dot,
  Hotspot,
  Pointer,
  Sheet,
  Word,
} from '../../guide-kit/parts.tsx'

/** Our own drawings of Pipedrive's screens: grey where it does not matter, words only where something is pressed. */

/** The app's narrow menu at the left, from `top` down. */
function Rail({ top, height }: { top: number; height: number }) {
  return (
    <g>
      <rect y={top} width="76" height={height - top} className="fill-screen-bar" />
      <line x1="76" y1={top} x2="76" y2={height} strokeWidth="1.5" className="stroke-line" />
      <Boxes
        at={[0, 1, 2, 3, 4, 5, 6].map((row) => ({ x: 26, y: top + 24 + row * 50, width: 24, height: 24, radius: 7 }))}
        className="fill-screen-grey"
      />
    </g>
  )
}

/** The deals of a pipeline: four columns of two. */
const cards = [0, 1, 2, 3].flatMap((column) =>
  [0, 1].map((row) => ({ x: 104 + column * 212, y: 156 + row * 84, title: 132 - ((column + row) % 3) * 22 })),
)

/** P1: the first word of the address is the company. */
export function AddressPicture(place: DrawingProps) {
  return (
    <Canvas {...place} height={320} focus="start">
      <Rail top={84} height={320} />
      <Boxes
        at={cards.map(({ x, y }) => ({ x, y, width: 190, height: 70, radius: 12 }))}
        className="fill-screen stroke-line"
      />
      <Bars
        at={[
          ...[0, 1, 2, 3].map((column) => [108 + column * 212, 122, 112 - column * 9, 12] as const),
          ...cards.map(({ x, y, title }) => [x + 18, y + 20, title] as const),
          ...cards.map(({ x, y }) => [x + 18, y + 41, 72, 8] as const),
        ]}
      />
      <Boxes at={cards.map(({ x, y }) => dot(x + 166, y + 45, 9))} className="fill-screen-grey" />
      <AddressBar>
        {/* Widths are fixed, so that the ring fits whatever font the reader's system has. */}
        <Word x={192} y={51} size={26} width={92} className="fill-muted">
          https://
        </Word>
        <Word x={296} y={51} size={26} width={64} strong>
          acme
        </Word>
        <Word x={372} y={51} size={26} width={290} className="fill-muted">
          .pipedrive.com/pipeline/1
        </Word>
        <Hotspot x={286} y={22} width={84} height={42} number={1} side="bottom" />
      </AddressBar>
    </Canvas>
  )
}

/** The top of Pipedrive's page with the profile picture at its right end. */
function TopBar() {
  return (
    <g>
      <rect width="960" height="76" className="fill-screen" />
      <line x1="0" y1="76" x2="960" y2="76" strokeWidth="1.5" className="stroke-line" />
      <Boxes
        at={[
          { x: 26, y: 24, width: 28, height: 28, radius: 8 },
          { x: 84, y: 32, width: 112, height: 13, radius: 6.5 },
          dot(706, 38, 13),
          dot(754, 38, 13),
          dot(802, 38, 13),
        ]}
        className="fill-screen-grey"
      />
      <rect x="280" y="18" width="330" height="40" rx="20" strokeWidth="1.5" className="fill-screen-bar stroke-line" />
      <path
        d="M304 30.5a6.5 6.5 0 0 1 0 13a6.5 6.5 0 0 1 0-13M309 42l5 5"
        fill="none"
        strokeWidth="3"
        strokeLinecap="round"
        className="stroke-screen-grey"
      />
      <Bars at={[[328, 33, 132]]} />
      <circle cx="904" cy="38" r="22" className="fill-screen-green" />
      <Word x={904} y={45} size={18} strong anchor="middle" className="fill-bg">
        JM
      </Word>
    </g>
  )
}

const menuRows = [0, 1, 2, 3, 4, 5].map((row) => ({ row, y: 152 + row * 54 }))

/** P2: the menu under the profile picture. */
export function ProfileMenuPicture(place: DrawingProps) {
  return (
    <Canvas {...place} height={470} focus="end">
      <Rail top={76} height={470} />
      <path d={menuRows.map(({ y }) => `M108 ${y}H932`).join('')} strokeWidth="1.5" className="stroke-line" />
      <Bars
        at={[
          [112, 112, 150, 15],
          ...menuRows.flatMap(({ y, row }) => [
            [152, y + 22, 150 + ((row * 2) % 3) * 34] as const,
            [410, y + 22, 96 + (row % 2) * 30] as const,
          ]),
        ]}
      />
      <Boxes at={menuRows.map(({ y }) => dot(126, y + 27, 11))} className="fill-screen-grey" />
      <TopBar />
      <Sheet x={584} y={86} width={350} height={352} raised />
      <circle cx="628" cy="130" r="20" className="fill-screen-green" />
      <Bars
        at={[
          [664, 114, 150, 13],
          [664, 138, 200, 9],
          ...[176, 214, 138].map((width, row) => [632, 314 + row * 40, width, 11] as const),
        ]}
      />
      <line x1="584" y1="172" x2="934" y2="172" strokeWidth="1.5" className="stroke-line" />
      <rect x="598" y="186" width="322" height="58" rx="9" className="fill-screen-bar" />
      <Word x={632} y={223} size={24} strong width={256}>
        Personal preferences
      </Word>
      <Word x={632} y={279} className="fill-muted">
        Company settings
      </Word>
      <Hotspot x={874} y={8} width={60} height={60} number={1} side="start" />
      <Hotspot x={596} y={184} width={326} height={62} number={2} side="start" />
      <Pointer x={848} y={226} />
    </Canvas>
  )
}

/** P3: the tabs of the settings page; `api` leaves out the tab that may be missing. */
export function TabsPicture({ api = true, ...place }: DrawingProps & { api?: boolean }) {
  return (
    <Canvas {...place} height={380} focus="start">
      <TopBar />
      <Word x={48} y={134} size={28} strong>
        Personal preferences
      </Word>
      <line x1="48" y1="216" x2="912" y2="216" strokeWidth="1.5" className="stroke-line" />
      <Word x={48} y={192} width={84} className="fill-muted">
        Account
      </Word>
      <Word x={176} y={192} width={160} className="fill-muted">
        Your companies
      </Word>
      {api ? (
        <>
          <Word x={384} y={192} size={24} width={46} strong>
            API
          </Word>
          <rect x="376" y="211" width="62" height="5" rx="2.5" className="fill-screen-green" />
          <Hotspot x={360} y={158} width={94} height={66} number={3} />
          <Pointer x={414} y={196} />
          <Bars
            at={[
              [48, 256, 250, 15],
              [48, 290, 520],
            ]}
          />
          <Sheet x={48} y={320} width={500} height={90} className="fill-screen-bar stroke-line" />
          <rect x="564" y="320" width="120" height="80" rx="12" className="fill-screen-green" />
        </>
      ) : (
        <>
          <rect
            x="362"
            y="160"
            width="92"
            height="50"
            rx="12"
            fill="none"
            strokeWidth="3.5"
            strokeDasharray="9 8"
            className="stroke-hotspot"
          />
          <Bars
            at={[
              [48, 256, 170, 15],
              [48, 298, 110],
              [220, 298, 230],
              [48, 344, 110],
              [220, 344, 290],
            ]}
          />
        </>
      )}
    </Canvas>
  )
}

/** P4: the token is there already. Copy it; do not make a new one. */
export function TokenPicture(place: DrawingProps) {
  return (
    <Canvas {...place} height={370} focus="start">
      <Word x={44} y={66} size={28} strong>
        Your personal API token
      </Word>
      <Bars
        at={[
          [44, 94, 500],
          [44, 116, 380],
        ]}
      />
      <rect x="44" y="154" width="366" height="68" rx="9" strokeWidth="1.5" className="fill-screen-bar stroke-edge" />
      <Boxes at={Array.from({ length: 17 }, (_, index) => dot(68 + index * 20, 188, 5.5))} className="fill-muted" />
      <rect x="426" y="154" width="128" height="68" rx="9" className="fill-screen-green" />
      <Word x={490} y={197} size={27} strong anchor="middle" width={66} className="fill-bg">
        Copy
      </Word>
      <Hotspot x={416} y={144} width={148} height={88} number={1} side="top" />
      <Pointer x={530} y={202} />
      <rect x="44" y="266" width="330" height="62" rx="9" strokeWidth="1.5" className="fill-screen stroke-edge" />
      <Word x={209} y={305} size={23} anchor="middle" width={226} className="fill-muted">
        Generate new token
      </Word>
      <line x1="84" y1="298" x2="334" y2="298" strokeWidth="4" strokeLinecap="round" className="stroke-hotspot" />
      <circle cx="374" cy="297" r="22" strokeWidth="3.5" className="fill-hotspot stroke-screen" />
      <path d="M366 289l16 16M382 289l-16 16" strokeWidth="4.5" strokeLinecap="round" className="stroke-bg" />
      <Sheet x={640} y={44} width={276} height={284} className="fill-screen-bar stroke-line" />
      <Bars
        at={[
          [668, 76, 120, 13],
          ...[220, 196, 212, 150].map((width, row) => [668, 114 + row * 26, width, 9] as const),
          ...[204, 214, 120].map((width, row) => [668, 238 + row * 26, width, 9] as const),
        ]}
      />
    </Canvas>
  )
}

/** P5: admins find the company's address in the settings too. */
export function CompanyDomainPicture(place: DrawingProps) {
  return (
    <Canvas {...place} height={380} focus="end">
      <rect width="330" height="380" className="fill-screen-bar" />
      <line x1="330" y1="0" x2="330" y2="380" strokeWidth="1.5" className="stroke-line" />
      <Bars
        at={[
          ...[150, 190, 130, 170, 140, 180].map((width, row) => [40, 66 + row * 50, width, 12] as const),
          [384, 112, 120],
        ]}
      />
      <Word x={384} y={68} size={28} strong>
        Company settings
      </Word>
      <rect x="384" y="134" width="500" height="54" rx="9" strokeWidth="1.5" className="fill-screen stroke-line" />
      <Bars at={[[406, 156, 176]]} />
      <Word x={384} y={238} className="fill-muted" width={180}>
        Company domain
      </Word>
      <rect x="384" y="262" width="500" height="62" rx="9" strokeWidth="1.5" className="fill-screen stroke-edge" />
      <Word x={408} y={302} size={26} width={68} strong>
        acme
      </Word>
      <Word x={478} y={302} size={26} width={188} className="fill-muted">
        .pipedrive.com
      </Word>
      <Hotspot x={396} y={272} width={282} height={42} number={1} />
    </Canvas>
  )
}

/** P6: where an admin lets a colleague use the API. */
export function PermissionPicture(place: DrawingProps) {
  return (
    <Canvas {...place} height={350} focus="start">
      <Word x={48} y={66} size={28} strong>
        Permission sets
      </Word>
      <line x1="48" y1="130" x2="912" y2="130" strokeWidth="1.5" className="stroke-line" />
      <Bars
        at={[
          [48, 96, 440],
          [106, 159, 200, 12],
          [106, 209, 250, 12],
          [106, 309, 180, 12],
          ...[0, 1, 2, 3].map((row) => [640, 160 + row * 50, 150] as const),
        ]}
      />
      <Boxes
        at={[150, 200, 300].map((y) => ({ x: 52, y, width: 30, height: 30, radius: 7 }))}
        className="fill-screen stroke-edge"
      />
      <rect x="52" y="250" width="30" height="30" rx="7" className="fill-screen-green" />
      <path
        d="M59 265l6.5 6.5 11-13"
        fill="none"
        strokeWidth="4.5"
        strokeLinecap="round"
        strokeLinejoin="round"
        className="stroke-bg"
      />
      <Word x={106} y={273} size={25} width={98} strong>
        Use API
      </Word>
      <Hotspot x={40} y={240} width={178} height={50} number={1} />
    </Canvas>
  )
}

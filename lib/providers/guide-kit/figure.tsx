import type { ReactNode } from 'react'
import { Icon } from './icons.tsx'
import type { DrawingProps } from './parts.tsx'

/**
 * A drawing beside a step. The step's text alone is enough, so readers skip the drawing; a press opens it larger,
 * with the browser's own popover and no script.
 */
export function Figure({
  id,
  caption,
  enlarge,
  close,
  drawing: Drawing,
}: {
  id: string
  caption: string
  enlarge: string
  close: string
  drawing: (place: DrawingProps) => ReactNode
}) {
  const place = { id: `drawing-${id}` }
  return (
    <figure className="picture">
      <div className="picture-frame">
        <Still>
          <Drawing {...place} />
        </Still>
        {/* Over the drawing, not around it: the words drawn are no part of the button's name. */}
        <button type="button" className="picture-open" popoverTarget={`picture-${id}`} aria-label={enlarge}>
          <span className="picture-enlarge">
            <Icon name="enlarge" />
          </span>
        </button>
      </div>
      <div id={`picture-${id}`} popover="auto" className="picture-large">
        <div className="picture-bar">
          <span>{caption}</span>
          <button
            type="button"
            className="picture-close"
            popoverTarget={`picture-${id}`}
            popoverTargetAction="hide"
            aria-label={close}
          >
            <Icon name="close" />
          </button>
        </div>
        <div className="picture-scroll">
          <Still>
            <Drawing {...place} copy />
          </Still>
        </div>
      </div>
      <figcaption>{caption}</figcaption>
    </figure>
  )
}

function Still({ children }: { children: ReactNode }) {
  return (
    <span aria-hidden="true" inert dir="ltr" className="picture-drawing">
      {children}
    </span>
  )
}

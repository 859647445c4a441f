// The small set of components that every page is made of. Native elements wherever the platform has one: dialogs, selects
// and details bring their keyboard behaviour with them and need no styles of their own under our content security policy.

import {
  type AriaAttributes,
  type ComponentProps,
  type ReactElement,
  type ReactNode,
  cloneElement,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react'
import { Check, Copy, X } from 'lucide-react'

export function cx(...names: (string | false | undefined)[]): string {
  return names.filter(Boolean).join(' ')
}

type ButtonProps = ComponentProps<'button'> & { look?: 'plain' | 'main' | 'danger' | 'quiet' }

export function Button({ look = 'plain', className, type = 'button', ...rest }: ButtonProps): ReactNode {
  const looks = {
    plain: 'border border-line bg-panel hover:bg-raised',
    main: 'border border-transparent bg-accent text-on-accent hover:opacity-90',
    danger: 'border border-line bg-panel text-bad hover:bg-raised',
    quiet: 'border border-transparent hover:bg-raised',
  }
  return (
    <button
      type={type}
      className={cx(
        'inline-flex min-h-8 items-center justify-center gap-1.5 rounded-md px-2.5 py-1 font-medium whitespace-nowrap',
        looks[look],
        className,
      )}
      {...rest}
    />
  )
}

export function Page({
  title,
  about,
  actions,
  children,
}: {
  title: string
  about?: ReactNode
  actions?: ReactNode
  children: ReactNode
}): ReactNode {
  useEffect(() => {
    document.title = `${title} - Trunkline`
  }, [title])
  return (
    <div className="mx-auto flex w-full max-w-6xl flex-col gap-4 p-4 md:p-6">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div>
          <h1 className="text-xl font-semibold">{title}</h1>
          {about !== undefined && <p className="mt-0.5 text-soft">{about}</p>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
      {children}
    </div>
  )
}

export function Card({
  title,
  actions,
  children,
  flush,
}: {
  title?: ReactNode
  actions?: ReactNode
  children: ReactNode
  /** No padding: a table or list brings its own. */
  flush?: boolean
}): ReactNode {
  return (
    <section className="card min-w-0 overflow-hidden">
      {title !== undefined && (
        <header className="flex flex-wrap items-center justify-between gap-2 border-b border-line px-4 py-2.5">
          <h2 className="font-semibold">{title}</h2>
          {actions}
        </header>
      )}
      <div className={flush === true ? '' : 'p-4'}>{children}</div>
    </section>
  )
}

export type Tone = 'good' | 'warn' | 'bad' | 'soft' | 'accent'
const TONES: Record<Tone, string> = {
  good: 'text-good',
  warn: 'text-warn',
  bad: 'text-bad',
  soft: 'text-soft',
  accent: 'text-accent',
}

export function Tag({ tone = 'soft', children }: { tone?: Tone; children: ReactNode }): ReactNode {
  return (
    <span
      className={cx(
        'inline-flex items-center rounded border border-line bg-raised px-1.5 text-xs whitespace-nowrap',
        TONES[tone],
      )}
    >
      {children}
    </span>
  )
}

/** A state told by colour, shape and word, never by colour alone. */
export function State({ tone, children }: { tone: Tone; children: ReactNode }): ReactNode {
  return (
    <span className={cx('inline-flex items-center gap-1.5 whitespace-nowrap', TONES[tone])}>
      <span aria-hidden="true">{{ good: '●', warn: '▲', bad: '✕', soft: '○', accent: '◐' }[tone]}</span>
      {children}
    </span>
  )
}

export function Empty({ title, children }: { title: string; children?: ReactNode }): ReactNode {
  return (
    <div className="px-4 py-10 text-center">
      <p className="font-semibold">{title}</p>
      {children !== undefined && <div className="mx-auto mt-1 max-w-md text-soft">{children}</div>}
    </div>
  )
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }): ReactNode {
  return (
    <div role="alert" className="rounded-lg border border-bad bg-panel p-3 text-bad">
      <p className="break-words">{error instanceof Error ? error.message : String(error)}</p>
      {retry && (
        <Button className="mt-2" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  )
}

/** Says "loading" only when it takes long enough to be noticed. */
export function Loading(): ReactNode {
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 300)
    return () => clearTimeout(timer)
  }, [])
  return <p className="p-4 text-soft">{late ? 'Loading ...' : ''}</p>
}

export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: string
  hint?: ReactNode
  error?: string | undefined
  /** One input; it is told of the hint and the error. */
  children: ReactElement<AriaAttributes>
}): ReactNode {
  const id = useId()
  const about = error ?? hint
  return (
    <div className="flex flex-col gap-1">
      <label className="flex flex-col gap-1">
        <span className="font-medium">{label}</span>
        {cloneElement(children, {
          ...(about === undefined ? {} : { 'aria-describedby': id }),
          ...(error === undefined ? {} : { 'aria-invalid': true }),
        })}
      </label>
      {about !== undefined && (
        <span
          id={id}
          {...(error === undefined ? {} : { role: 'alert' })}
          className={cx('text-xs', error === undefined ? 'text-soft' : 'text-bad')}
        >
          {about}
        </span>
      )}
    </div>
  )
}

export function Dialog({
  open,
  title,
  onClose,
  children,
  wide,
}: {
  open: boolean
  title: string
  onClose: () => void
  children: ReactNode
  wide?: boolean
}): ReactNode {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = ref.current
    if (!dialog) return
    if (open && !dialog.open) dialog.showModal()
    if (!open && dialog.open) dialog.close()
  }, [open])
  return (
    <dialog
      ref={ref}
      aria-label={title}
      onClose={onClose}
      className={cx(
        'm-auto max-h-[92dvh] w-[calc(100vw-1.5rem)] overflow-auto rounded-lg border border-line bg-panel p-0 text-ink shadow-xl',
        wide === true ? 'max-w-3xl' : 'max-w-lg',
      )}
    >
      {open && (
        <>
          <header className="sticky top-0 flex items-center justify-between border-b border-line bg-panel px-4 py-2.5">
            <h2 className="font-semibold">{title}</h2>
            <Button look="quiet" aria-label="Close" onClick={onClose}>
              <X size={16} aria-hidden="true" />
            </Button>
          </header>
          <div className="p-4">{children}</div>
        </>
      )}
    </dialog>
  )
}

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }): ReactNode {
  const [done, setDone] = useState(false)
  useEffect(() => {
    if (!done) return undefined
    const timer = setTimeout(() => setDone(false), 1500)
    return () => clearTimeout(timer)
  }, [done])
  return (
    <Button look="quiet" onClick={() => void navigator.clipboard?.writeText(text).then(() => setDone(true))}>
      {done ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />}
      {done ? 'Copied' : label}
    </Button>
  )
}

export function Code({ text, wrap }: { text: string; wrap?: boolean }): ReactNode {
  return (
    <pre
      // A region that scrolls must be reachable by keyboard.
      tabIndex={0}
      className={cx(
        'max-h-96 overflow-auto rounded-md border border-line bg-ground p-3 font-mono text-xs',
        wrap === true && 'break-words whitespace-pre-wrap',
      )}
    >
      {text}
    </pre>
  )
}

export interface Column<Row> {
  title: string
  cell: (row: Row) => ReactNode
  /** Left out on a phone. */
  wide?: boolean
  right?: boolean
}

export function Table<Row>({
  columns,
  rows,
  id,
  onOpen,
  label,
}: {
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  id: (row: Row) => string
  onOpen?: (row: Row) => void
  label: string
}): ReactNode {
  return (
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={label}>
      <table className="w-full text-left">
        <thead className="border-b border-line text-xs text-soft">
          <tr>
            {columns.map((column) => (
              <th
                key={column.title}
                scope="col"
                className={cx(
                  'px-3 py-2 font-medium whitespace-nowrap',
                  column.wide === true && 'hidden md:table-cell',
                  column.right === true && 'text-right',
                )}
              >
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={id(row)}
              className={cx('border-b border-line last:border-0', onOpen && 'cursor-pointer hover:bg-raised')}
              onClick={onOpen && (() => onOpen(row))}
            >
              {columns.map((column) => (
                <td
                  key={column.title}
                  className={cx(
                    'px-3 py-2 align-top',
                    column.wide === true && 'hidden md:table-cell',
                    column.right === true && 'text-right tabular-nums',
                  )}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

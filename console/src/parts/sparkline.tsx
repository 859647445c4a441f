// A small line of the latest values. uPlot draws it on a canvas; the numbers are in the label for those who cannot see it.

import { type ReactNode, useEffect, useRef } from 'react'
import uPlot from 'uplot'

export function Sparkline({
  values,
  unit,
  width = 96,
  height = 24,
}: {
  values: readonly number[]
  unit: string
  width?: number
  height?: number
}): ReactNode {
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const host = ref.current
    if (!host || values.length < 2) return undefined
    const stroke = getComputedStyle(host).color
    const plot = new uPlot(
      {
        width,
        height,
        legend: { show: false },
        cursor: { show: false },
        axes: [{ show: false }, { show: false }],
        scales: { x: { time: false } },
        series: [{}, { stroke, width: 1.5, points: { show: false } }],
        padding: [2, 2, 2, 2],
      },
      [values.map((_, index) => index), [...values]],
      host,
    )
    return () => plot.destroy()
  }, [values, width, height])
  const last = values.at(-1)
  return (
    <div
      ref={ref}
      role="img"
      aria-label={
        last === undefined ? 'no values yet' : `latest ${Math.round(last)} ${unit}, ${values.length} values`
      }
      className="inline-block text-accent"
    />
  )
}

import { encode } from 'uqr'

/** A text as a picture that a phone's camera reads: dark on light in both themes, or cameras don't see it. */
export function QrCode({ text, label, size = 192 }: { text: string; label: string; size?: number }) {
  const { data } = encode(text, { border: 4, ecc: 'M' })
  const path = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return (
    <svg role="img" aria-label={label} width={size} height={size} viewBox={`0 0 ${data.length} ${data.length}`} shapeRendering="crispEdges" style={{ background: '#fff', borderRadius: 8, maxWidth: '100%' }}>
      <path d={path} fill="#000" />
    </svg>
  )
}

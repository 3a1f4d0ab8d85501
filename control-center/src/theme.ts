import { createTheme, defaultVariantColorsResolver, type CSSVariablesResolver, type VariantColorsResolver } from '@mantine/core'

// Green, yellow and orange are too light for text even in their darkest shade.
const darker = (color: string, percent = 65) => `color-mix(in srgb, var(--mantine-color-${color}-9) ${percent}%, black)`

// The library's lighter shades are below the contrast that WCAG AA asks of text: wherever text is coloured, a stronger one.
const strongerText: VariantColorsResolver = (input) => {
  const resolved = defaultVariantColorsResolver(input)
  const color = input.color ?? input.theme.primaryColor
  if (!Object.hasOwn(input.theme.colors, color)) return resolved
  if (input.variant === 'light' || input.variant === 'subtle' || input.variant === 'transparent' || input.variant === 'outline') {
    return { ...resolved, color: `light-dark(${darker(color)}, var(--mantine-color-${color}-2))` }
  }
  if (input.variant === 'filled') return { ...resolved, background: darker(color), hover: darker(color, 80), color: '#fff' }
  return resolved
}

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 8, dark: 8 },
  variantColorResolver: strongerText,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  headings: { fontWeight: '650' },
  components: {
    Table: { defaultProps: { verticalSpacing: 'xs' } },
    Modal: { defaultProps: { centered: true } },
    Tooltip: { defaultProps: { withArrow: true, events: { hover: true, focus: true, touch: true } } },
  },
})

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#545b62',
    '--mantine-color-placeholder': '#666d74',
    '--mantine-color-error': '#b42323',
    '--mantine-color-anchor': 'var(--mantine-color-indigo-8)',
  },
  dark: {
    '--mantine-color-dimmed': '#b3b5b8',
    '--mantine-color-placeholder': '#a0a3a7',
    '--mantine-color-error': '#ff9b9b',
    '--mantine-color-anchor': 'var(--mantine-color-indigo-2)',
  },
})

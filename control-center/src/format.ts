import { useMemo } from 'react'
import { useLanguage } from './texts.ts'

/** The days and hours of the product are Jakarta's (WIB, UTC+7), wherever staff sit. */
export const TIME_ZONE = 'Asia/Jakarta'

export type Format = {
  idr: (amount: number) => string
  number: (value: number, digits?: number) => string
  percent: (share: number) => string
  time: (at: string) => string
  dateTime: (at: string) => string
  /** `2026-11-21`, or a time: its day in Jakarta. */
  day: (at: string) => string
  /** `4 min ago`. */
  ago: (at: string, now: number) => string
  /** `12:05`, `1:02:03`; negative ones with a minus. */
  clock: (milliseconds: number) => string
  /** `2 h 5 min`. */
  duration: (seconds: number) => string
}

function clock(milliseconds: number): string {
  const total = Math.floor(Math.abs(milliseconds) / 1000)
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return `${milliseconds < 0 ? '−' : ''}${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds)}`
}

/** Numbers, money and times as they are written in the language of the person. */
export function useFormat(): Format {
  const language = useLanguage()
  return useMemo(() => {
    const locale = language === 'id' ? 'id-ID' : 'en-GB'
    const rupiah = new Intl.NumberFormat(locale, { style: 'currency', currency: 'IDR', maximumFractionDigits: 0, currencyDisplay: 'narrowSymbol' })
    const time = new Intl.DateTimeFormat(locale, { timeStyle: 'medium', timeZone: TIME_ZONE })
    const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone: TIME_ZONE })
    const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: TIME_ZONE })
    const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' })
    const unit = (name: string) => new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: 0 })
    const [hours, minutes, seconds] = [unit('hour'), unit('minute'), unit('second')]
    return {
      idr: (amount) => rupiah.format(amount),
      number: (value, digits = 0) => value.toLocaleString(locale, { maximumFractionDigits: digits }),
      percent: (share) => share.toLocaleString(locale, { style: 'percent', maximumFractionDigits: 1 }),
      time: (at) => time.format(new Date(at)),
      dateTime: (at) => dateTime.format(new Date(at)),
      day: (at) => day.format(new Date(at.length === 10 ? `${at}T12:00:00+07:00` : at)),
      ago(at, now) {
        const past = (Date.parse(at) - now) / 1000
        const size = Math.abs(past)
        if (size < 60) return relative.format(Math.round(past), 'second')
        if (size < 3600) return relative.format(Math.round(past / 60), 'minute')
        if (size < 86_400) return relative.format(Math.round(past / 3600), 'hour')
        return relative.format(Math.round(past / 86_400), 'day')
      },
      clock,
      duration(total) {
        if (total < 60) return seconds.format(Math.round(total))
        const whole = Math.round(total / 60)
        return whole < 60 ? minutes.format(whole) : [hours.format(Math.floor(whole / 60)), ...(whole % 60 === 0 ? [] : [minutes.format(whole % 60)])].join(' ')
      },
    }
  }, [language])
}

/** Today in Jakarta, as `2026-11-21`; `days` later or earlier. */
export function dayInJakarta(now: number, days = 0): string {
  return new Date(now + 7 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10)
}

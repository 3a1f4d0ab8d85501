import type { AnnouncementView } from '../../../../backend/modules/announcements/contract.ts'

/** A draft as it is typed: everything text, until it is sent. */
export type Typed = {
  titleId: string; bodyId: string; titleEn: string; bodyEn: string; link: string
  kind: string; language: string; zones: string[]; activeDays: string; joinedFrom: string; joinedUntil: string; platforms: string[]; ids: string
  channels: string[]; when: string; time: string; perMinute: string; expires: string
}

export const BLANK: Typed = {
  titleId: '', bodyId: '', titleEn: '', bodyEn: '', link: '', kind: '', language: '', zones: [], activeDays: '', joinedFrom: '', joinedUntil: '', platforms: [], ids: '',
  channels: ['inbox', 'push'], when: 'now', time: '', perMinute: '', expires: '',
}

const JAKARTA_MS = 7 * 3_600_000
// A field for a time has no zone; the product's is Jakarta's.
const zoned = (local: string): string => `${local.slice(0, 16)}:00+07:00`
const local = (at: string): string => new Date(Date.parse(at) + JAKARTA_MS).toISOString().slice(0, 16)
export const idsOf = (typed: string): string[] => typed.split(/[\s,]+/).filter((id) => id !== '')

export function typedOf(row: AnnouncementView): Typed {
  const { texts, segment, schedule } = row
  return {
    titleId: texts.id.title, bodyId: texts.id.body, titleEn: texts.en.title, bodyEn: texts.en.body, link: row.link ?? '',
    kind: segment.kind ?? '', language: segment.language ?? '', zones: segment.timeZones ?? [], activeDays: segment.activeDays === undefined ? '' : String(segment.activeDays),
    joinedFrom: segment.joinedFrom ?? '', joinedUntil: segment.joinedUntil ?? '', platforms: segment.platforms ?? [], ids: (segment.userIds ?? []).join('\n'),
    channels: row.channels, when: schedule.when, time: schedule.when === 'now' ? '' : schedule.when === 'at' ? local(schedule.at) : schedule.at,
    perMinute: row.perMinute === null ? '' : String(row.perMinute), expires: row.expiresAt === null ? '' : local(row.expiresAt),
  }
}

export function bodyOf(typed: Typed): object {
  const ids = idsOf(typed.ids)
  return {
    texts: { id: { title: typed.titleId, body: typed.bodyId }, en: { title: typed.titleEn, body: typed.bodyEn } },
    link: typed.link.trim() === '' ? null : typed.link.trim(),
    segment: {
      ...(typed.kind === '' ? {} : { kind: typed.kind }), ...(typed.language === '' ? {} : { language: typed.language }), ...(typed.zones.length === 0 ? {} : { timeZones: typed.zones }),
      ...(typed.activeDays === '' ? {} : { activeDays: Number(typed.activeDays) }), ...(typed.joinedFrom === '' ? {} : { joinedFrom: typed.joinedFrom }), ...(typed.joinedUntil === '' ? {} : { joinedUntil: typed.joinedUntil }),
      ...(typed.platforms.length === 0 ? {} : { platforms: typed.platforms }), ...(ids.length === 0 ? {} : { userIds: ids }),
    },
    channels: typed.channels,
    schedule: typed.when === 'now' ? { when: 'now' } : { when: typed.when, at: typed.when === 'at' ? zoned(typed.time) : typed.time.slice(0, 16) },
    perMinute: typed.perMinute === '' ? null : Number(typed.perMinute),
    expiresAt: typed.expires === '' ? null : zoned(typed.expires),
  }
}

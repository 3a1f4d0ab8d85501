import { Checkbox, Fieldset, Group, MultiSelect, NumberInput, Select, SimpleGrid, Stack, Textarea, TextInput } from '@mantine/core'
import type { Typed } from './draft.ts'
import { Preview } from './parts.tsx'
import { useAnnouncementText } from './texts.ts'

type Props = { values: Typed; set: (change: Partial<Typed>) => void; problemOf: (path: string) => string | undefined }

const ZONES = ['Asia/Jakarta', 'Asia/Pontianak', 'Asia/Makassar', 'Asia/Jayapura', ...Intl.supportedValuesOf('timeZone').filter((zone) => !/^Asia\/(Jakarta|Pontianak|Makassar|Jayapura)$/.test(zone))]
const PLATFORMS = [{ value: 'android', label: 'Android' }, { value: 'ios', label: 'iOS' }, { value: 'web', label: 'Web' }]

/** The words in both languages as a phone shows them, who is told, how and when. */
export function Compose({ values, set, problemOf }: Props) {
  const text = useAnnouncementText()
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput label={text('titleId')} required maxLength={80} value={values.titleId} error={problemOf('texts.id.title')} onChange={(event) => set({ titleId: event.currentTarget.value })} />
        <TextInput label={text('titleEn')} required maxLength={80} value={values.titleEn} error={problemOf('texts.en.title')} onChange={(event) => set({ titleEn: event.currentTarget.value })} />
        <Textarea label={text('bodyId')} required autosize minRows={3} maxLength={600} value={values.bodyId} error={problemOf('texts.id.body')} onChange={(event) => set({ bodyId: event.currentTarget.value })} />
        <Textarea label={text('bodyEn')} required autosize minRows={3} maxLength={600} value={values.bodyEn} error={problemOf('texts.en.body')} onChange={(event) => set({ bodyEn: event.currentTarget.value })} />
        <Preview label={text('indonesian')} title={values.titleId} body={values.bodyId} />
        <Preview label={text('english')} title={values.titleEn} body={values.bodyEn} />
      </SimpleGrid>
      <TextInput label={text('link')} description={text('linkHint')} value={values.link} error={problemOf('link')} onChange={(event) => set({ link: event.currentTarget.value })} />
      <Segment values={values} set={set} problemOf={problemOf} />
      <Checkbox.Group label={text('channels')} description={text('channelsHint')} value={values.channels} error={problemOf('channels')} onChange={(channels) => set({ channels })}>
        <Group gap="md" mt="xs">{(['inbox', 'push', 'email'] as const).map((channel) => <Checkbox key={channel} value={channel} label={text(channel)} />)}</Group>
      </Checkbox.Group>
      <When values={values} set={set} problemOf={problemOf} />
    </Stack>
  )
}

function Segment({ values, set, problemOf }: Props) {
  const text = useAnnouncementText()
  return (
    <Fieldset legend={text('segment')}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Select label={text('kind')} allowDeselect={false} data={[{ value: '', label: text('everybody') }, { value: 'customer', label: text('customers') }, { value: 'mitra', label: text('mitras') }]} value={values.kind} onChange={(kind) => set({ kind: kind ?? '' })} />
        <Select label={text('language')} allowDeselect={false} data={[{ value: '', label: text('anyLanguage') }, { value: 'id', label: text('indonesian') }, { value: 'en', label: text('english') }]} value={values.language} onChange={(language) => set({ language: language ?? '' })} />
        <MultiSelect label={text('zones')} description={text('zonesHint')} searchable limit={20} data={ZONES} value={values.zones} error={problemOf('segment.timeZones')} onChange={(zones) => set({ zones })} />
        <MultiSelect label={text('platforms')} description={text('optional')} data={PLATFORMS} value={values.platforms} onChange={(platforms) => set({ platforms })} />
        <TextInput type="date" label={text('joinedFrom')} value={values.joinedFrom} error={problemOf('segment.joinedFrom')} onChange={(event) => set({ joinedFrom: event.currentTarget.value })} />
        <TextInput type="date" label={text('joinedUntil')} value={values.joinedUntil} error={problemOf('segment.joinedUntil')} onChange={(event) => set({ joinedUntil: event.currentTarget.value })} />
        <NumberInput label={text('activeDays')} description={text('optional')} min={1} allowDecimal={false} hideControls value={values.activeDays} error={problemOf('segment.activeDays')} onChange={(value) => set({ activeDays: String(value) })} />
        <Textarea label={text('ids')} description={text('idsHint')} autosize minRows={1} maxRows={6} value={values.ids} error={problemOf('segment.userIds')} onChange={(event) => set({ ids: event.currentTarget.value })} />
      </SimpleGrid>
    </Fieldset>
  )
}

function When({ values, set, problemOf }: Props) {
  const text = useAnnouncementText()
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <Select label={text('schedule')} allowDeselect={false} data={(['now', 'at', 'local'] as const).map((value) => ({ value, label: text(value) }))} value={values.when} onChange={(when) => set({ when: when ?? 'now' })} />
      {values.when === 'now' ? <span /> : <TextInput type="datetime-local" required label={text('time')} description={text(values.when === 'at' ? 'timeJakarta' : 'timeLocal')} value={values.time} error={problemOf('schedule.at')} onChange={(event) => set({ time: event.currentTarget.value })} />}
      <NumberInput label={text('perMinute')} description={text('perMinuteHint')} min={1} allowDecimal={false} hideControls value={values.perMinute} error={problemOf('perMinute')} onChange={(value) => set({ perMinute: String(value) })} />
      <TextInput type="datetime-local" label={text('expires')} description={text('expiresHint')} value={values.expires} error={problemOf('expiresAt')} onChange={(event) => set({ expires: event.currentTarget.value })} />
    </SimpleGrid>
  )
}

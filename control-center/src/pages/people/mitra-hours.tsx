import { Card, List, Stack, Table, Text, Title } from '@mantine/core'
import type { MitraRecord } from '../../../../backend/modules/staff/record-contract.ts'
import { Facts } from '../../parts/facts.tsx'
import { Time } from '../../parts/values.tsx'
import { useFormat } from '../../format.ts'
import { useCommon } from '../../texts-common.ts'
import { usePeopleText } from './texts.ts'

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const

/** When a mitra means to be there, and when they were. */
export function Hours({ record: { schedule, report } }: { record: MitraRecord }) {
  const text = usePeopleText()
  const common = useCommon()
  const format = useFormat()
  const { total } = report
  return (
    <Stack gap="md">
      <Card withBorder>
        <Stack gap="sm">
          <Title order={2} size="h5">{text('lastDays')}</Title>
          <Facts items={[
            [text('onlineTime'), format.duration(total.onlineSeconds)], [text('busyTime'), format.duration(total.busySeconds)], [text('servedTime'), format.duration(total.servedSeconds)],
            [text('accepted'), format.number(total.offersAccepted)], [text('declined'), format.number(total.offersDeclined)], [text('missed'), format.number(total.offersMissed)],
            [text('answerTime'), total.answerSeconds === null ? common('none') : `${format.duration(total.answerSeconds.p50)}, ${format.duration(total.answerSeconds.p90)}`],
          ]}
          />
        </Stack>
      </Card>
      <Card withBorder>
        <Stack gap="sm">
          <Title order={2} size="h5">{text('schedule')}</Title>
          {schedule.weekly.length === 0 && schedule.exceptions.length === 0
            ? <Text size="sm" c="dimmed">{text('noSchedule')}</Text>
            : (
                <>
                  <Facts items={[
                    [text('timeZone'), schedule.timeZone], [text('inHours'), schedule.isOn ? common('yes') : common('no')],
                    [text('nextEdge'), schedule.nextEdge ? <span key="edge"><Time at={schedule.nextEdge.at} /> {schedule.nextEdge.goes === 'online' ? text('goesOnline') : text('goesOffline')}</span> : undefined],
                  ]}
                  />
                  <Table maw={420}>
                    <Table.Thead><Table.Tr><Table.Th scope="col">{text('weekday')}</Table.Th><Table.Th scope="col">{text('from')}</Table.Th><Table.Th scope="col">{text('to')}</Table.Th></Table.Tr></Table.Thead>
                    <Table.Tbody>
                      {schedule.weekly.map((hours) => (
                        <Table.Tr key={`${hours.weekday} ${hours.from}`}><Table.Td>{text(DAYS[hours.weekday - 1] ?? 'monday')}</Table.Td><Table.Td>{hours.from}</Table.Td><Table.Td>{hours.to}</Table.Td></Table.Tr>
                      ))}
                    </Table.Tbody>
                  </Table>
                  {schedule.exceptions.length > 0 && (
                    <>
                      <Title order={3} size="h6">{text('exceptions')}</Title>
                      <List size="sm">{schedule.exceptions.map((one) => <List.Item key={`${one.date} ${one.from ?? ''}`}>{format.day(one.date)}: {one.off ? text('dayOff') : `${one.from}–${one.to}`}</List.Item>)}</List>
                    </>
                  )}
                </>
              )}
        </Stack>
      </Card>
    </Stack>
  )
}

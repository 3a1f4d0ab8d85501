import { Card, SimpleGrid, Text, Title } from '@mantine/core'
import { useMay } from '../../api/me.tsx'
import { RowLink } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { useTitles } from '../../shell/titles.ts'
import { REPORTS } from './catalogue.ts'
import { useReportText } from './texts.ts'

/** Every report that the role may read. */
export function Page() {
  const [titles, text, may] = [useTitles(), useReportText(), useMay()]
  return (
    <PageFrame title={titles('reports')} about={text('about')}>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} role="list" aria-label={text('list')}>
        {REPORTS.filter((report) => may(report.act)).map(({ name }) => (
          <Card key={name} withBorder role="listitem">
            <Title order={2} size="h5"><RowLink href={`/reports/${name}`}>{text(name)}</RowLink></Title>
            <Text size="sm" c="dimmed" mt={4}>{text(`about_${name}`)}</Text>
          </Card>
        ))}
      </SimpleGrid>
    </PageFrame>
  )
}

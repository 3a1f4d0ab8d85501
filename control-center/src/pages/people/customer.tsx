import { Card, Skeleton } from '@mantine/core'
import type { z } from 'zod'
import type { customerReply } from '../../../../backend/modules/staff/customer-contract.ts'
import { useId } from '../../address.ts'
import { useMay } from '../../api/me.tsx'
import { useGet } from '../../api/queries.ts'
import { Facts } from '../../parts/facts.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, PersonName, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCommon } from '../../texts-common.ts'
import { GiveCredit, Payments, Wallet } from './customer-money.tsx'
import { CasesAndSanctions, Sessions } from './person-lists.tsx'
import { Notices } from './person-notices.tsx'
import { PersonTabs } from './person-tabs.tsx'
import { PrivacyPart } from './privacy-part.tsx'
import { Standing } from './standing.tsx'
import { usePeopleText } from './texts.ts'

export type CustomerRecord = z.output<typeof customerReply>['customer']

/** One customer: their sessions, and, as far as the role sees them, their money, what stands against them and their data. */
export function Page() {
  const id = useId()
  const text = usePeopleText()
  const titles = useTitles()
  const may = useMay()
  const { data, error, refetch } = useGet<{ customer: CustomerRecord }>('customers', `/customers/${id}`, { everyMs: 15_000 })
  if (!data || data.customer.id !== id) {
    return <PageFrame title={titles('customer')}>{error ? <ProblemAlert error={error} again={() => void refetch()} /> : <Skeleton height={240} aria-busy="true" />}</PageFrame>
  }
  const { customer } = data
  const { privacy, wallet } = customer
  return (
    <PageFrame title={customer.displayName ?? titles('customer')} about={<Standing standing={customer.standing} />} acts={<GiveCredit id={id} isOffered={customer.standing === 'active'} />}>
      {error && <ProblemAlert error={error} again={() => void refetch()} />}
      <PersonTabs
        label={titles('customer')}
        tabs={[
          { name: 'overview', title: text('overview'), show: () => <Overview customer={customer} /> },
          { name: 'sessions', title: text('sessions'), show: () => <Sessions of="customerId" id={id} /> },
          wallet !== undefined && { name: 'wallet', title: text('wallet'), show: () => <Wallet wallet={wallet} credits={customer.credits ?? []} /> },
          may('ledger.read') && { name: 'payments', title: text('payments'), show: () => <Payments id={id} /> },
          { name: 'notices', title: text('notices'), show: () => <Notices id={id} /> },
          may('safety.act') && { name: 'cases', title: text('cases'), show: () => <CasesAndSanctions id={id} /> },
          privacy !== undefined && { name: 'privacy', title: text('privacy'), show: () => <PrivacyPart id={id} privacy={privacy} about="customers" /> },
        ]}
      />
    </PageFrame>
  )
}

function Overview({ customer }: { customer: CustomerRecord }) {
  const text = usePeopleText()
  const common = useCommon()
  return (
    <Card withBorder>
      <Facts items={[
        [text('name'), <PersonName key="name" name={customer.displayName} id={customer.id} />], [text('phone'), customer.phone ?? common('none')], [text('joined'), <Time key="joined" at={customer.createdAt} />],
        [text('wallet'), customer.wallet && <Money key="wallet" idr={customer.wallet.balanceIdr} />], [text('promo'), customer.wallet && <Money key="promo" idr={customer.wallet.promoIdr} />],
        [text('suspendedUntil'), customer.standing === 'suspended' ? <Time key="suspended" at={customer.suspendedUntil} /> : undefined], [text('bannedAt'), customer.bannedAt === null ? undefined : <Time key="banned" at={customer.bannedAt} />],
        [text('erasedAt'), customer.erasedAt === null ? undefined : <Time key="erased" at={customer.erasedAt} />], [text('id'), customer.id],
      ]}
      />
    </Card>
  )
}

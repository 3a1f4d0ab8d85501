import { Card } from '@mantine/core'
import type { WalletHoldView } from '../../../../backend/modules/staff/books-contract.ts'
import { useId } from '../../address.ts'
import { useGet } from '../../api/queries.ts'
import { Facts } from '../../parts/facts.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, PersonName, Time } from '../../parts/values.tsx'
import { AccountLink, IdLink, WaitsForSecond } from './parts.tsx'
import { PlaceButton } from './place.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'
import { useBooksText } from './texts-books.ts'

/** One held wallet, and whose it is. */
export function Page() {
  const text = useBooksText()
  const money = useMoneyText()
  const id = useId()
  const { data, error, refetch } = useGet<{ hold: WalletHoldView }>('holds', `/wallet-holds/${id}`)
  if (!data) return <PageFrame title={text('hold')}><ProblemAlert error={error} again={() => void refetch()} /></PageFrame>
  const { hold } = data
  return (
    <PageFrame title={`${text('hold')} …${id.slice(-8)}`} acts={<PlaceButton places={hold.places} path={`/wallet-holds/${id}/release`} draft={`hold.${id}`} />}>
      <ProblemAlert error={error} />
      <WaitsForSecond approvalId={hold.approvalId} />
      <Card withBorder>
        <Facts
          items={[
            [money('state'), <MoneyState key="state" state={hold.state === 'held' ? 'waiting' : hold.state} />], [text('owner'), <PersonName key="owner" name={hold.ownerName} id={hold.customerId} />], [text('heldAt'), <Time key="held" at={hold.heldAt} />],
            [text('wallet'), <Money key="wallet" idr={hold.walletIdr} />], [text('promo'), <Money key="promo" idr={hold.promoIdr} />], [text('earnings'), <Money key="earnings" idr={hold.earningsIdr} />],
            [text('ledgerAccount'), <AccountLink key="account" account={`customer_wallet:${id}`} />], [text('place_suspense'), <IdLink key="suspense" to="/suspense" id={hold.suspenseId} />], [text('settledAt'), <Time key="settled" at={hold.settledAt} />],
          ]}
        />
      </Card>
    </PageFrame>
  )
}

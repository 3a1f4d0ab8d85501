/** How Xendit's invoices name what was paid with: method, channel, and the older bank_code or ewallet_type. */
export interface PaidWith {
  payment_method: string
  payment_channel: string
  payment_destination?: string
  bank_code?: string
  ewallet_type?: string
}

const banks = ['BCA', 'BNI', 'BRI', 'MANDIRI', 'PERMATA', 'BSI', 'BJB', 'CIMB', 'SAHABAT_SAMPOERNA', 'BNC', 'HANA', 'MUAMALAT']
const wallets = ['OVO', 'DANA', 'LINKAJA', 'SHOPEEPAY', 'GOPAY', 'ASTRAPAY', 'NEXCASH', 'JENIUSPAY']
const outlets = ['ALFAMART', 'INDOMARET']
const paylaters = ['KREDIVO', 'AKULAKU', 'UANGME']

/** Undefined for a channel that Xendit's invoices don't have in Indonesia. */
export function paidWith(channel: string): PaidWith | undefined {
  if (banks.includes(channel)) {
    return {
      payment_method: 'BANK_TRANSFER',
      payment_channel: channel,
      payment_destination: '8808099990001234',
      bank_code: channel,
    }
  }
  if (wallets.includes(channel)) {
    return { payment_method: 'EWALLET', payment_channel: channel, ewallet_type: channel }
  }
  if (outlets.includes(channel)) return { payment_method: 'RETAIL_OUTLET', payment_channel: channel }
  if (paylaters.includes(channel)) return { payment_method: 'PAYLATER', payment_channel: channel }
  if (channel === 'QRIS') return { payment_method: 'QR_CODE', payment_channel: 'QRIS' }
  if (channel === 'CREDIT_CARD') return { payment_method: 'CREDIT_CARD', payment_channel: 'CREDIT_CARD' }
  return undefined
}

/** The `available_*` lists of an invoice; xendit-node reads every one of them and fails on a missing list. */
export function availableChannels(paymentMethods: readonly string[] | undefined, amount: number) {
  const wanted = (...names: string[]) => !paymentMethods?.length || names.some((name) => paymentMethods.includes(name))
  const among = (group: string, names: readonly string[]) => names.filter((name) => wanted(group, name))
  return {
    available_banks: among('BANK_TRANSFER', banks).map((bank) => ({
      bank_code: bank,
      collection_type: 'POOL',
      transfer_amount: amount,
      bank_branch: 'Virtual Account',
      account_holder_name: 'HALOBESTIE',
      identity_amount: 0,
    })),
    available_retail_outlets: among('RETAIL_OUTLET', outlets).map((name) => ({ retail_outlet_name: name })),
    available_ewallets: among('EWALLET', wallets).map((name) => ({ ewallet_type: name })),
    available_qr_codes: wanted('QR_CODE', 'QRIS') ? [{ qr_code_type: 'QRIS' }] : [],
    available_direct_debits: [] as { direct_debit_type: string }[],
    available_paylaters: among('PAYLATER', paylaters).map((name) => ({ paylater_type: name })),
    should_exclude_credit_card: !wanted('CREDIT_CARD'),
  }
}

/** How many digits a bank's account numbers have, least and most. */
type Bank = { name: string; digits: readonly [least: number, most: number] }

/**
 * Where mitras can be paid out: codes as people know them; the provider's channel is `ID_<code>`. Lengths are those that
 * the banks print; where a bank has several kinds of account, from the shortest to the longest. Source: the banks' own
 * pages; the provider refuses what is wrong all the same, and the payout comes back.
 */
export const BANKS: Readonly<Record<string, Bank>> = {
  BCA: { name: 'BCA', digits: [10, 10] },
  BNI: { name: 'BNI', digits: [10, 16] },
  BRI: { name: 'BRI', digits: [15, 15] },
  MANDIRI: { name: 'Mandiri', digits: [13, 16] },
  BSI: { name: 'Bank Syariah Indonesia', digits: [10, 10] },
  BTN: { name: 'BTN', digits: [16, 16] },
  CIMB: { name: 'CIMB Niaga', digits: [10, 16] },
  PERMATA: { name: 'Permata', digits: [8, 16] },
  DANAMON: { name: 'Danamon', digits: [8, 16] },
  OCBC: { name: 'OCBC NISP', digits: [12, 16] },
  PANIN: { name: 'Panin', digits: [10, 16] },
  MAYBANK: { name: 'Maybank Indonesia', digits: [10, 16] },
  MEGA: { name: 'Mega', digits: [15, 16] },
  BJB: { name: 'BJB', digits: [13, 16] },
  MUAMALAT: { name: 'Muamalat', digits: [10, 16] },
  SINARMAS: { name: 'Sinarmas', digits: [10, 16] },
  JAGO: { name: 'Jago', digits: [12, 16] },
  SEABANK: { name: 'SeaBank', digits: [12, 16] },
}

const CHANNEL_PREFIX = 'ID_'

export function channelOf(bankCode: string): string {
  return `${CHANNEL_PREFIX}${bankCode}`
}

export function bankCodeOf(channelCode: string): string {
  return channelCode.slice(CHANNEL_PREFIX.length)
}

export type BankAccountInput = { bankCode: string; accountNumber: string; accountHolderName: string }
export type FieldProblem = { path: 'bankCode' | 'accountNumber' | 'accountHolderName'; message: string }

/** The account as it is kept (digits only, one space between names), or what is wrong with it. */
export function readBankAccount(input: BankAccountInput): { account: BankAccountInput } | { problems: FieldProblem[] } {
  const bankCode = input.bankCode.trim().toUpperCase()
  const accountNumber = input.accountNumber.replaceAll(/[\s.-]/g, '')
  const accountHolderName = input.accountHolderName.trim().replaceAll(/\s+/g, ' ')
  const bank = Object.hasOwn(BANKS, bankCode) ? BANKS[bankCode] : undefined
  const problems = [
    bank ? [] : problem('bankCode', 'is no bank that can be paid out to'),
    bank ? numberProblems(bank, accountNumber) : [],
    /^\p{L}[\p{L}\p{M} .,'’-]{1,99}$/u.test(accountHolderName) ? [] : problem('accountHolderName', 'must be the name of a person, 2 to 100 letters'),
  ].flat()
  return problems.length > 0 ? { problems } : { account: { bankCode, accountNumber, accountHolderName } }
}

function numberProblems({ name, digits: [least, most] }: Bank, number: string): FieldProblem[] {
  if (!/^[0-9]+$/.test(number)) return problem('accountNumber', 'must be digits')
  if (number.length < least || number.length > most) return problem('accountNumber', `${name} has ${least === most ? least : `${least} to ${most}`} digits`)
  return /^0+$/.test(number) ? problem('accountNumber', 'is no account number') : []
}

function problem(path: FieldProblem['path'], message: string): FieldProblem[] {
  return [{ path, message }]
}

/** `••••1234`: enough for the owner to know it again. */
export function maskNumber(lastDigits: string): string {
  return `••••${lastDigits}`
}

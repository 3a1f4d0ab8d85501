/** Names of columns, a space between them. */
type Columns = string
/** Why, and the columns that it is said of. */
type Reasons = Record<string, Columns>

/** How the rows of a person are found. */
type Rows =
  /** Any of these columns holds the person's id. */
  | { columns: Columns }
  /** `by` holds the `key` (`id`) of a row of the person in another table of the map. */
  | { of: string; by: string; key?: string }
  /** The column names one of the person's accounts in the ledger. */
  | { account: string }
  /** The column holds the hash of the person's number. */
  | { phoneHash: string }

/** What is encrypted and goes out in clear, by what opens it. */
export type Opened = 'phone' | 'email' | 'bankNumber' | 'bankHolder'

/**
 * What erasure does with the person's rows. Each column of text, JSON or bytes that stays says why (`keep`).
 * `set`: values that columns get. `by`: a use case, and the columns that it changes because more hangs on them.
 */
type Erasure =
  | 'delete'
  | { set?: Record<string, string | null>; by?: Record<string, Columns>; keep?: Reasons; onlyFor?: 'customer' | 'mitra' }

/** A table with rows about customers or mitras. Every column stands in exactly one of `out.columns`, `out.opened`, `held`. */
export type PersonalTable = {
  rows: Rows
  /** SQL that the person's rows have to meet besides. */
  only?: string
  /** The primary key, where it is not `id`. */
  key?: Columns
  /** When a row came to be: what is older than `users.history_from` may be of a former owner of the number, and stays inside. */
  since?: string
  /** Its list in the export; none: all its columns are held back. */
  out?: { as: string; columns: Columns; opened?: Record<string, Opened> }
  /** What does not go out, and why. */
  held?: Reasons
  /** Personal or secret, and not encrypted nor hashed: why. */
  clear?: Reasons
  erasure: Erasure
}

/** `none`: nothing about customers and mitras stands in it, and what it is instead. `staff`: about members of staff. */
export type TableVerdict = PersonalTable | { none: string } | { staff: string; clear?: Reasons }
export type PrivacyMap = Readonly<Record<string, TableVerdict>>

export const isPersonal = (table: TableVerdict): table is PersonalTable => 'rows' in table
export const columnsOf = (columns: Columns | undefined): string[] => columns?.split(' ').filter((name) => name !== '') ?? []
/** All the columns that reasons are given for. */
export const columnsIn = (reasons: Reasons | undefined): string[] => Object.values(reasons ?? {}).flatMap(columnsOf)

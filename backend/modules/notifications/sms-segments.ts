/** GSM 03.38: what fits seven bits, and what takes two places. Anything else makes the whole text sixteen bits wide. */
const BASIC = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/
const DOUBLE = /[\^{}\\[~\]|€]/g

/** What has a plain twin among them. */
const TWINS: Readonly<Record<string, string>> = { '’': "'", '‘': "'", '“': '"', '”': '"', '–': '-', '—': '-', '…': '...', '•': '*', '·': '-', '\u00a0': ' ', '\u202f': ' ' }

/** The text by seven bits where its only other characters have plain twins: it costs half. */
export function toBasic(text: string): string {
  const plain = text.replaceAll(/[’‘“”–—…•·\u00a0\u202f]/g, (character) => TWINS[character]!)
  return BASIC.test(plain) ? plain : text
}

/** How many SMS a text is paid as. Of several each loses room to the number that puts them together. */
export function segmentsOf(text: string): number {
  if (!BASIC.test(text)) return text.length <= 70 ? 1 : Math.ceil(text.length / 67)
  const places = text.length + (text.match(DOUBLE)?.length ?? 0)
  return places <= 160 ? 1 : Math.ceil(places / 153)
}

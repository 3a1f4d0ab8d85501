// What may contain a semicolon that ends nothing: comments, quoted names and texts, dollar-quoted bodies.
const TOKEN = /--[^\n]*|\/\*[\s\S]*?\*\/|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1|;|[\s\S]/g

/** Splits SQL into its statements, without their semicolons; comments stay with what follows. Nested block comments are not known. */
export function splitStatements(sql: string): string[] {
  const statements: string[] = []
  let current = ''
  let holdsCode = false
  const finish = () => {
    if (holdsCode) statements.push(current.trim())
    current = ''
    holdsCode = false
  }
  for (const [token] of sql.matchAll(TOKEN)) {
    if (token === ';') {
      finish()
      continue
    }
    current += token
    holdsCode ||= !token.startsWith('--') && !token.startsWith('/*') && token.trim() !== ''
  }
  finish()
  return statements
}

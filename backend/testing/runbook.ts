import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from './servers/processes.ts'

export type Fence = { language: string; isRun: boolean; code: string; line: number; section: string }

/** The fences of a page of ours, each with the heading of the second level that it stands under. */
export function fencesOf(file: string): Fence[] {
  const fences: Fence[] = []
  let open: { info: string; line: number; code: string[] } | undefined
  let section = ''
  for (const [index, line] of readFileSync(join(projectRoot, file), 'utf8').split('\n').entries()) {
    if (open && line === '```') {
      const [language = '', mark] = open.info.split(' ')
      fences.push({ language, isRun: mark === 'run', code: `${open.code.join('\n')}\n`, line: open.line, section })
      open = undefined
    } else if (open) open.code.push(line)
    else if (line.startsWith('```')) open = { info: line.slice(3), line: index + 1, code: [] }
    else if (line.startsWith('## ')) section = line.slice(3)
  }
  if (open) throw new Error(`${file}:${open.line}: a fence that is never closed`)
  return fences
}

/** The simple commands of a script, as words: quotes are taken away, continued lines joined, comments left out. Good for names, not for running. */
export function commandsOf(code: string): string[][] {
  const text = code.replaceAll(/\\\n/g, ' ').replaceAll(/<<-?\s*'?(\w+)'?[^\n]*\n[\s\S]*?\n\1\n/g, '\n').replaceAll(/(^|\s)#[^\n]*/g, '$1').replaceAll(/\$\(/g, '\n')
  const pieces: string[] = ['']
  let quote = ''
  for (const char of text) {
    if (quote === '' && /[\n;|&()]/.test(char)) pieces.push('')
    else {
      if (quote === '' && /['"]/.test(char)) quote = char
      else if (char === quote) quote = ''
      pieces.push(`${pieces.pop()!}${char}`)
    }
  }
  return pieces.map((piece) => [...piece.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replaceAll(/["']/g, ''))).filter((words) => words.length > 0)
}

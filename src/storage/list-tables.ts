import type { Client } from 'pg'

/** A table and the columns that hold what was written (none that PostgreSQL computes), quoted as SQL wants them. */
export type TableShape = { name: string; columns: string[] }

/** Every table of ours, those that others refer to first. Throws where tables refer to each other in a ring. */
export async function listTables(client: Client): Promise<TableShape[]> {
  const { rows } = await client.query<TableShape & { refersTo: string[] }>(`
    select quote_ident(c.relname) as name,
           (select array_agg(quote_ident(a.attname) order by a.attnum) from pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
           array(select quote_ident(r.relname) from pg_constraint f join pg_class r on r.oid = f.confrelid
                  where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid) as "refersTo"
      from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and c.relname not like 'kysely\\_%'
     order by 1`)
  const ordered: TableShape[] = []
  const done = new Set<string>()
  while (ordered.length < rows.length) {
    const next = rows.filter(({ name, refersTo }) => !done.has(name) && refersTo.every((other) => done.has(other)))
    if (next.length === 0) throw new Error('tables refer to each other in a ring')
    for (const { name, columns } of next) {
      ordered.push({ name, columns })
      done.add(name)
    }
  }
  return ordered
}

/**
 * The roles of one database, as statements an administrator can run: none of them fails when run again.
 * gbp_owner owns the schema and migrates; gbp_company sees one company's rows; gbp_operator is the privileged path of
 * named operator work; gbp_queue owns the queue. The login inherits nothing: it takes one of these roles in each transaction.
 */
export function roleStatements(login = 'gbp'): string[] {
  return [
    ...['gbp_owner', 'gbp_company', 'gbp_operator', 'gbp_queue'].map((role) => createRole(role, 'nologin')),
    createRole(login, 'login noinherit nosuperuser nocreatedb nocreaterole nobypassrls'),
    `grant gbp_owner, gbp_company, gbp_operator, gbp_queue to ${quoted(login)};`,
    `do $$ begin execute format('grant create on database %I to gbp_owner', current_database()); end $$;`,
    `alter schema public owner to gbp_owner;`,
    `revoke create on schema public from public;`,
    `grant usage on schema public to gbp_company, gbp_operator, gbp_queue, ${quoted(login)};`,
  ]
}

/** The same as one text, for `psql` on an external PostgreSQL, run there once in our database by its administrator. */
export function rolesSql(login = 'gbp'): string {
  return `${roleStatements(login).join('\n')}\n`
}

function createRole(name: string, attributes: string): string {
  const literal = `'${name.replaceAll("'", "''")}'`
  return (
    `do $$ begin if not exists (select from pg_roles where rolname = ${literal}) ` +
    `then create role ${quoted(name)} ${attributes}; end if; end $$;`
  )
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

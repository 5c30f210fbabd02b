import { Router } from 'express';
import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';
import { html } from './html.ts';
import { csrfField, sendPage } from './page.ts';
import { passwordMatches } from './passwords.ts';
import { beginSession, csrfChecked, endSession, visitOf, type User } from './sessions.ts';

/** Log in, log out. */
export function account(database: Database): Router {
  const router = Router();

  router.get('/login', async (_request, response) => {
    if (!visitOf(response).session) await beginSession(database, response);
    sendPage(
      response,
      'Log in',
      html`<h1>Log in</h1>
        <form class="narrow" method="post" action="/login">
          ${csrfField(response)}
          <label>E-mail <input type="email" name="email" required autocomplete="username" /></label>
          <label>
            Password <input type="password" name="password" required autocomplete="current-password" />
          </label>
          <button>Log in</button>
        </form>`,
    );
  });

  router.post('/login', csrfChecked, async (request, response) => {
    const { email, password } = request.body as Record<string, unknown>;
    const [[row]] = await database.query<RowDataPacket[]>(
      'SELECT id, email, name, role, password_hash FROM users WHERE email = ?',
      [String(email)],
    );
    if (!row || !(await passwordMatches(String(password), row['password_hash']))) {
      return sendPage(
        response,
        'Log in',
        html`<p class="message">We don't know this e-mail and password.</p>
          <p><a href="/login">Try again</a></p>`,
        401,
      );
    }
    const { id, name, role } = row;
    await beginSession(database, response, { id, email: row['email'], name, role } as User);
    response.redirect(303, '/');
  });

  router.post('/logout', csrfChecked, async (_request, response) => {
    await endSession(database, response);
    response.redirect(303, '/');
  });

  return router;
}

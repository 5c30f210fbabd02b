import { Router } from 'express';
import type { Database } from '../../runtime/database.ts';
import { sessionOf } from './sessions.ts';

/** `GET /banyan/identity`: whose session it is, for Banyan's gateway alone. Nobody else can send its field. */
export function identity(database: Database): Router {
  const router = Router();
  router.get('/banyan/identity', async (request, response, next) => {
    if (request.get('x-banyan-subrequest') !== 'identity') return next();
    const user = (await sessionOf(database, request))?.user;
    response.set('cache-control', 'no-store');
    if (!user) return void response.status(204).end();
    response.json({ sub: user.id, name: user.name, role: user.role });
  });
  return router;
}

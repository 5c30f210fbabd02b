declare module 'kinesalite' {
  import type { Server } from 'node:http';
  export default function kinesalite(options?: {
    path?: string;
    shardLimit?: number;
    createStreamMs?: number;
    deleteStreamMs?: number;
    updateStreamMs?: number;
  }): Server;
}

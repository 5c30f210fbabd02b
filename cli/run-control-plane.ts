import { startControlPlane, type ControlPlaneOptions } from '../control-plane/index.ts';

/** The admin API with everything that the configuration gives it to tell about. */
export async function runControlPlane(options: ControlPlaneOptions): Promise<{ stop(): Promise<void> }> {
  return startControlPlane(options);
}

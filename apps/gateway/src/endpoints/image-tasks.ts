import type { Endpoint } from './endpoint.ts';
import { images } from './images.ts';

/** One picture, made in minutes: ordered at a provider that speaks as Midjourney's proxies do, and asked for later. */
export const imageTasks: Endpoint = {
  ...images,
  code: 'image-tasks',
  path: '/mj/submit/imagine',
  read: (body) => {
    const { n: _alwaysOne, ...order } = images.read(body).body;
    return { ...images.read(order), endpoint: imageTasks };
  },
  providerBody: ({ body }) => JSON.stringify({ prompt: body['prompt'] }),
};

/** Publish and subscribe by topic name: our checks and limits on one side, gossipsub on the other. */
import type { GossipSub } from "@libp2p/gossipsub";
import { P2pError } from "../errors.ts";
import { checkPublishable, type GossipModules, TopicGate, type TopicHandler } from "./gossip.ts";
import type { TopicName } from "./topics.ts";

export class Pubsub {
  readonly #gossipsub: GossipSub;
  readonly #wire: (topic: TopicName) => string;
  readonly #modules: GossipModules;
  readonly #topics = new Set<TopicName>();
  #running = false;

  /** @param wire the name of a topic on the wire */
  constructor(gossipsub: GossipSub, wire: (topic: TopicName) => string, modules: GossipModules) {
    this.#gossipsub = gossipsub;
    this.#wire = wire;
    this.#modules = modules;
  }

  /** Call it once gossipsub runs. */
  start(): void {
    this.#running = true;
    for (const topic of this.#topics) this.#gossipsub.subscribe(this.#wire(topic));
  }

  stop(): void {
    this.#running = false;
  }

  subscribe(topic: TopicName, handler: TopicHandler): void {
    if (this.#topics.has(topic)) throw new TypeError(`topic ${topic} has a handler already`);
    this.#topics.add(topic);
    const gate = new TopicGate(topic, handler, this.#modules);
    this.#gossipsub.topicValidators.set(this.#wire(topic), async (from, message) => {
      // gossipsub's enum has these very values.
      return (await gate.judge(message.data, from.toString())) as never;
    });
    if (this.#running) this.#gossipsub.subscribe(this.#wire(topic));
  }

  async publish(topic: TopicName, message: Uint8Array): Promise<number> {
    checkPublishable(topic, message);
    if (!this.#running) {
      const facts = { code: "NOT_STARTED", operation: "publish" } as const;
      throw new P2pError("publish: the host is not running", facts);
    }
    const { recipients } = await this.#gossipsub.publish(this.#wire(topic), message);
    return recipients.length;
  }

  subscribers(topic: TopicName): number {
    return this.#gossipsub.getSubscribers(this.#wire(topic)).length;
  }
}

import path from 'node:path'
import { PHASE_DEVELOPMENT_SERVER } from 'next/constants.js'

/**
 * Files below /_next/static are the only answers that do not pass `proxy.ts`. A wrong path there answers HTML too,
 * so they carry their own, strictest policy.
 */
const staticHeaders = [
  {
    key: 'Content-Security-Policy',
    value: "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  },
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
]

/** @type {import('next').NextConfig} */
const config = {
  agentRules: false,
  poweredByHeader: false,
  reactStrictMode: true,
  typedRoutes: true,
  compress: true,
  productionBrowserSourceMaps: false,
  // Pictures are pre-sized files; this closes /_next/image, whose optimiser has a history of advisories.
  images: { unoptimized: true },
  serverExternalPackages: [
    '@electric-sql/pglite',
    'pg',
    'nodemailer',
    // Loaded only where telemetry is switched on.
    '@opentelemetry/context-async-hooks',
    '@opentelemetry/exporter-metrics-otlp-http',
    '@opentelemetry/exporter-trace-otlp-http',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-metrics',
    '@opentelemetry/sdk-trace',
  ],
  // Set by bin/start.mjs at build and at start alike: a browser on an older build then reloads instead of mixing two.
  deploymentId: process.env.LATCHKEY_BUILD_ID || undefined,
  // The team may open the development server by either loopback name.
  allowedDevOrigins: ['localhost', '127.0.0.1'],
  // A lock file in a parent folder must not move the root of the build.
  turbopack: { root: path.resolve(import.meta.dirname) },
  experimental: {
    // forbidden(): a role that does not fit reads whom to ask, with status 403.
    authInterrupts: true,
    agentUpgrade: false,
    serverActions: { bodySizeLimit: '32kb' },
    // A list of requests may have 256 kB and goes to a route of its own; every other body is bounded where it is read.
    proxyClientMaxBodySize: '320kb',
  },
  headers: async () => [{ source: '/_next/static/:path*', headers: staticHeaders }],
}

/** Pages that end in `.dev.tsx`, such as `/dev/ui`, are pages of the development server alone: no build has them. */
export default (phase) =>
  phase === PHASE_DEVELOPMENT_SERVER ? { ...config, pageExtensions: ['dev.tsx', 'tsx', 'ts', 'jsx', 'js'] } : config

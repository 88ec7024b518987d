import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What each door gives, a room a line. A new name is a promise: it is added here on purpose. */
const doors: Record<string, string> = {
  'src/index.ts': `
    TinyprotoError SendError ProtocolError WireError HoldLostError PacedOverflowError SchemaError AsyncSchemaError ErrorCode SendErrorCode ProtocolErrorCode WireErrorCode Fate
    Address BoundAddress Transport Upgrade Wire tcp
    Tls TlsOptions Certificate Pem PresharedKey Security PeerCertificate ProxyProtocol AddressList
    Decoder Frame Framing FramingGrants FramingMachine FramingOut FramingPort FramingStreams FramingTalk PacedDecoder queueFrames StreamingMachine StreamingPort Wait tinyproto TinyprotoOptions
    framing FramingOptions lengthPrefixed LengthPrefixedOptions varintPrefixed VarintPrefixedOptions delimited DelimitedOptions lines LinesOptions
    fixedLength wholeChunks WholeChunksOptions jsonTexts JsonTextsOptions decode encode
    Codec codecs json SchemaIssue SchemaResult StandardSchema text
    consume ConsumeOptions hold Hold HoldOptions paced PacedOptions Valve
    Body BodyConnection OutgoingBody StreamedBodies Connection ConnectionOptions Closed Flow Protocol Traffic traffic
    connect ConnectOptions converse backoff BackoffOptions failover isPermanent reconnect ReconnectOptions ReconnectState WhileAway
    listen ListenOptions DoorOptions PerAddressLimits Refusal ServerEvent liveConnections serve ServeContext ServeOptions ShutdownProgress
    broadcast Audience BroadcastOptions Dropped OnSlow Room SendOptions
    distribute DistributeOptions gather Gathered heartbeat writeIdle idleTimeout relay RelayOptions
  `,
  'src/node/index.ts': `
    compressed CompressedOptions diagnostics writeSpec
  `,
  'src/files/index.ts': `
    serveFiles ServeFilesOptions FileEvent upload UploadOptions download DownloadOptions filesOptions FilesOptions Progress FileError FileErrorCode
  `,
  'src/transport/index.ts': `
    Transport TransportListenOptions TransportDialOptions Upgrade Wire WireClosed WireError WireErrorCode
    Address AddressUse BoundAddress parseAddress formatAddress
    tcp TcpOptions wiretap Tapped
    Tls TlsOptions Certificate Pem PresharedKey Security PeerCertificate ProxyProtocol AddressList
  `,
  'src/cluster/index.ts': `
    clusterBus clusterHub HubOptions broadcast SpanningOptions SpanningRoom Missed Present WhileBusAway
    Bus BusState Letter
  `,
  'src/nats/index.ts': `
    nats NatsOptions HistoryOptions broadcast SpanningOptions SpanningRoom Missed Present WhileBusAway
    Bus BusState Letter
  `,
  'src/dashboard/index.ts': `
    dashboard Dashboard DashboardOptions
  `,
  'src/websocket/index.ts': `
    connect listen webSocket WebSocketOptions
  `,
  'src/websocket/browser.ts': `
    connect webSocket WebSocketOptions
  `,
  'src/testing/vitest.ts': `
    marbleTest TinyprotoMatchers
  `,
  'src/testing/index.ts': `
    marbles MarbleHelpers MarblesOptions MarbleError Check ToBe ToBeSpans ConnectionOrLater RawPeer
    hex text
    virtualBus VirtualBus VirtualBusEnd VirtualBusOptions
    virtualNetwork VirtualNetwork VirtualNetworkOptions NetworkInside RoadSettings Passing Rule Verdict Where
    Fault bandwidth calm failDials failListeners fragment halfClose latency partition release repair reset rule shred stall
    chaos ChaosOptions
    everySplit EverySplit framingContract FramingSamples TestRunner
    drawScene DrawOptions drawSvg SvgOptions Row RowKind Scene
    record RecordOptions Recording SpecOptions
    `,
};

const program = programOf(Object.keys(doors).filter((door) => existsSync(root + door)));
const checker = program.getTypeChecker();

describe.each(Object.entries(doors).filter(([door]) => existsSync(root + door)))('%s', (door, names) => {
  it('gives these names and no others', () => {
    expect(exportsOf(door).map(nameOf).sort()).toEqual(
      names
        .split(/[\s,]+/)
        .filter(Boolean)
        .sort(),
    );
  });

  it('has a docstring on each of them, or on each of its fields', () => {
    const bare = exportsOf(door).filter((symbol) => {
      const fields = fieldsOf(original(symbol));
      return isBare(original(symbol)) && (fields.length === 0 || fields.some(isBare));
    });
    expect(bare.map(nameOf)).toEqual([]);
  });

  it('has a docstring on each option, and options that are readonly', () => {
    const options = exportsOf(door).filter((symbol) => symbol.name.endsWith('Options'));
    const wrong = options.flatMap((symbol) =>
      fieldsOf(original(symbol))
        .filter((field) => isBare(field) || !isReadonly(field))
        .map((field) => `${symbol.name}.${field.name}`),
    );
    expect(wrong).toEqual([]);
  });
});

function programOf(files: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(`${root}tsconfig.build.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files }, ts.sys, root);
  return ts.createProgram(
    files.map((file) => root + file),
    options,
  );
}

function exportsOf(door: string): ts.Symbol[] {
  const source = program.getSourceFile(root + door);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${door} is no module`);
  return checker.getExportsOfModule(module);
}

/** The symbol where it was made, behind the re-exports. */
const original = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

const fieldsOf = (symbol: ts.Symbol): ts.Symbol[] =>
  symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeLiteral)
    ? checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
    : [];

const isBare = (symbol: ts.Symbol): boolean => symbol.getDocumentationComment(checker).length === 0;

const isReadonly = ({ valueDeclaration }: ts.Symbol): boolean =>
  valueDeclaration !== undefined &&
  (ts.getCombinedModifierFlags(valueDeclaration) & ts.ModifierFlags.Readonly) !== 0;

const nameOf = (symbol: ts.Symbol): string => symbol.name;

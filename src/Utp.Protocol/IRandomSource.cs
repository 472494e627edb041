namespace Utp.Protocol;

/// <summary>The source of connection ids, initial sequence numbers and jitter: cryptographic in production, seeded in tests.</summary>
internal interface IRandomSource
{
    uint NextUInt32();
}

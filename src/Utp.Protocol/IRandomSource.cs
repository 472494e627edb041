namespace Utp.Protocol;

/// <summary>Where connection ids, initial sequence numbers and jitter come from: a cryptographic source in production, a seed in tests.</summary>
internal interface IRandomSource
{
    uint NextUInt32();
}

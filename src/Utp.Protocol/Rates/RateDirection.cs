namespace Utp.Protocol.Rates;

/// <summary>The direction of payload that a rate limit counts.</summary>
internal enum RateDirection : byte
{
    Send,
    Receive,
}

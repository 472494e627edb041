using Utp.Protocol.Rates;
using Utp.Transport.Engine;

namespace Utp.Transport.Rates;

/// <summary>The limits that connections share: those of a client or listener, or of the engine.</summary>
internal sealed class SharedRateLimits : RateLimit, IUtpRateLimits
{
    private readonly UtpEngine _engine;

    /// <param name="engine">The engine.</param>
    /// <param name="above">The limits of the engine; null if these are.</param>
    /// <param name="maxSendBytesPerSecond">The limit at first, from checked options.</param>
    /// <param name="maxReceiveBytesPerSecond">The same for receiving.</param>
    public SharedRateLimits(UtpEngine engine, SharedRateLimits? above, int? maxSendBytesPerSecond, int? maxReceiveBytesPerSecond)
        : base(above)
    {
        _engine = engine;
        Of(RateDirection.Send).SetRate(engine.Clock.Now, maxSendBytesPerSecond ?? 0);
        Of(RateDirection.Receive).SetRate(engine.Clock.Now, maxReceiveBytesPerSecond ?? 0);
    }

    public int? MaxSendBytesPerSecond
    {
        get => RateBounds.ToOption(Of(RateDirection.Send).BytesPerSecond);
        set => Set(RateDirection.Send, value, nameof(MaxSendBytesPerSecond));
    }

    public int? MaxReceiveBytesPerSecond
    {
        get => RateBounds.ToOption(Of(RateDirection.Receive).BytesPerSecond);
        set => Set(RateDirection.Receive, value, nameof(MaxReceiveBytesPerSecond));
    }

    public IUtpRateLimits? LevelAbove => Above as IUtpRateLimits;

    private void Set(RateDirection direction, int? value, string property)
    {
        RateBounds.Check(value, property);
        Of(direction).SetRate(_engine.Clock.Now, value ?? 0);
        _engine.OnRatesChanged();
    }
}

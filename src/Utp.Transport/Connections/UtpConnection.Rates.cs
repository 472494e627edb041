using Utp.Protocol.Connections;
using Utp.Protocol.Rates;
using Utp.Protocol.Time;
using Utp.Transport.Rates;
using Utp.Transport.Sockets;

namespace Utp.Transport.Connections;

/// <content>What the application may change while the connection is open: rate limits and congestion control. Any thread.</content>
internal sealed partial class UtpConnection : IUtpRateLimits
{
    IUtpRateLimits IUtpRateLimited.RateLimits => this;

    int? IUtpRateLimits.MaxSendBytesPerSecond
    {
        get => ReadRate(RateDirection.Send);
        set => SetRate(RateDirection.Send, value, nameof(IUtpRateLimits.MaxSendBytesPerSecond));
    }

    int? IUtpRateLimits.MaxReceiveBytesPerSecond
    {
        get => ReadRate(RateDirection.Receive);
        set => SetRate(RateDirection.Receive, value, nameof(IUtpRateLimits.MaxReceiveBytesPerSecond));
    }

    IUtpRateLimits? IUtpRateLimits.LevelAbove => _options.SharedRates as IUtpRateLimits ?? _socket.Engine.RateLimits;

    UtpCongestionControl IUtpConnectionFeature.CongestionControl
    {
        get => _socket.Read(_ => _core?.CongestionControl ?? _options.CongestionControl);
        set
        {
            if (!Enum.IsDefined(value))
            {
                throw new ArgumentOutOfRangeException(
                    nameof(value), value, $"Expected one of {string.Join(", ", Enum.GetNames<UtpCongestionControl>())}.");
            }

            ChangeCore((core, now) => core.SetCongestionControl(now, value));
        }
    }

    private int? ReadRate(RateDirection direction) => _socket.Read(_ => RateBounds.ToOption(_core?.RateOf(direction) ?? 0));

    private void SetRate(RateDirection direction, int? value, string property)
    {
        RateBounds.Check(value, property);
        ChangeCore((core, now) => core.SetRate(now, direction, value ?? 0));
    }

    /// <summary>Changes the core within a turn, and lets the turn send what the change allows. Does nothing on a connection that has ended.</summary>
    private void ChangeCore(Action<ConnectionCore, Instant> change) => _socket.Read(socket =>
    {
        if (_core is { } core)
        {
            change(core, socket.Engine.Clock.Now);
            PostWithoutTurn(ConnectionSignals.Changed);
        }

        return true;
    });
}

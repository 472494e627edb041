using Microsoft.AspNetCore.Connections;

namespace Utp.Transport.Hosting.Servers;

/// <summary>One call of <c>AddListener</c>.</summary>
/// <param name="Name">The listener's name, which is also that of its configuration.</param>
/// <param name="EndPoint">Where to listen unless the configuration says otherwise; null when only the configuration knows.</param>
/// <param name="Configure">Builds what handles its connections.</param>
internal sealed record UtpListenerRegistration(string Name, UtpEndPoint? EndPoint, Action<IConnectionBuilder> Configure);
